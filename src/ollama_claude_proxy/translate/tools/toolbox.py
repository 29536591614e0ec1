"""The tools that a client offered, and the calls of them.

A tool is found by its name, never by arguments that would fit it: another tool that takes them may
do something else, and nobody would be told. A call in marks under a name that was not offered goes
to the client as it is; the client says that there is no such tool, or has one that it did not list.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from ollama_claude_proxy.translate.tools.argument_repair import ArgumentRepair
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.translate.tools.tool_aliases import are_aliases
from ollama_claude_proxy.translate.tools.untyped_values import with_types

_MAX_PROBLEM_CHARACTERS = 500
_DELETES = re.compile(r"delete|remove|drop|destroy|purge|unlink|kill|erase|wipe", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w.:/-]{0,127}")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_NAMESPACE_PREFIX = re.compile(r"^(?:functions|default_api|tools?|namespace)[.:/]")


class OfferedTool:
    """A tool with the client's own schema."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.name = name
        self.schema = schema
        properties = schema.get("properties")
        self.properties: dict[str, Any] = properties if isinstance(properties, dict) else {}
        required = schema.get("required")
        self.required = frozenset(required if isinstance(required, list) else ())

    def call(self, arguments: dict[str, Any], *repairs: str) -> ResolvedCall:
        """Return a call with the arguments made to fit, or with the problem that remains."""
        repair = ArgumentRepair(self.schema)
        repaired = repair.repair(arguments)
        problem = self.find_problem(repaired)
        all_repairs = (*repairs, *repair.repairs)
        return ResolvedCall(self.name, arguments if problem else repaired, all_repairs, problem)

    def find_problem(self, arguments: dict[str, Any]) -> str:
        """Return why arguments do not fit the schema; empty if they do."""
        if self._validator is None:
            return ""
        try:
            error = next(self._validator.iter_errors(arguments), None)
        except Exception:  # noqa: BLE001  # a schema that is itself broken judges nothing
            return ""
        if error is None:
            return ""
        path = ".".join(map(str, error.absolute_path))
        problem = f"{path}: {error.message}" if path else str(error.message)
        return problem[:_MAX_PROBLEM_CHARACTERS]

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator  # noqa: PLC0415  # 70 ms, for calls only
        from jsonschema.validators import validator_for  # noqa: PLC0415

        try:
            return validator_for(self.schema, default=Draft202012Validator)(self.schema)
        except Exception:  # noqa: BLE001  # whatever a client's schema may be
            return None


class Toolbox:
    """The tools of a request."""

    def __init__(self, tools: Iterable[OfferedTool] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._by_normalized_name: dict[str, list[OfferedTool]] = {}
        for tool in self._tools.values():
            self._by_normalized_name.setdefault(_normalize_name(tool.name), []).append(tool)

    def __bool__(self) -> bool:
        return bool(self._tools)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, as the client spells them."""
        return tuple(self._tools)

    def find(self, name: str) -> OfferedTool | None:
        """Return a tool by its name; case and separators may differ if only one tool matches."""
        name = name.strip()
        if name in self._tools:
            return self._tools[name]
        for form in (name, _NAMESPACE_PREFIX.sub("", name)):
            if form in self._tools:
                return self._tools[form]
            matches = self._by_normalized_name.get(_normalize_name(form), [])
            if len(matches) == 1:
                return matches[0]
        return None

    def resolve(self, found: Sequence[FoundCall], plain: bool) -> list[ResolvedCall] | None:
        """Return the calls that were meant; None if it is text and no call.

        `plain` is JSON without marks, which may be a document: there every part must be a call of
        an offered tool.
        """
        calls = [self._call(found_call, plain=plain) for found_call in found]
        if not calls or None in calls:
            return None
        return [call for call in calls if call is not None]

    def _call(self, found: FoundCall, *, plain: bool) -> ResolvedCall | None:
        found = self._with_whole_name(found)
        tool = self.find(found.name)
        if tool is None:
            unknown = None if plain or not self._tools else _unknown_call(found)
            return self._call_by_alias(found) or unknown
        arguments = _with_positional(found, tool)
        if arguments is None or (plain and found.only_in_marks):
            return None
        is_named_by_key = found.flat and found.only_in_marks
        if is_named_by_key and not tool.required <= arguments.keys() <= tool.properties.keys():
            return None
        if found.flat and not is_named_by_key and not _flat_fits(arguments, tool, plain=plain):
            return None
        if found.only_in_marks and not arguments and tool.required:
            return None
        call = tool.call(with_types(arguments, tool.schema) if found.untyped else arguments)
        is_document = plain and call.problem and not (tool.required & arguments.keys())
        return None if is_document else call

    def _call_by_alias(self, found: FoundCall) -> ResolvedCall | None:
        """Return the call of a tool by another usual name, if its arguments then fit."""
        matches = [tool for tool in self._tools.values() if are_aliases(tool.name, found.name)]
        if len(matches) != 1 or found.positional or found.flat or found.only_in_marks:
            return None
        tool = matches[0]
        arguments = with_types(found.arguments, tool.schema) if found.untyped else found.arguments
        call = tool.call(arguments, f"{found.name!r} is another name of {tool.name}")
        return None if call.problem else call

    def _with_whole_name(self, found: FoundCall) -> FoundCall:
        """Return a call with the name that a lost tag glued to a key, or took away.

        Without any name, in a dialect's own marks, it is the tool that alone has these parameters,
        unless that one deletes.
        """
        if "" in found.arguments:
            names = {
                (tool.name, found.name.removeprefix(tool.name))
                for tool in self._tools.values()
                if found.name.startswith(tool.name)
                and found.name.removeprefix(tool.name) in tool.properties
            }
            if len(names) != 1:
                return found
            name, key = names.pop()
            value = found.arguments[""]
            rest = {other: one for other, one in found.arguments.items() if other}
            return replace(found, name=name, arguments={key: value, **rest})
        if found.name:
            return found
        keys = found.arguments.keys()
        fitting = [
            tool
            for tool in self._tools.values()
            if tool.required and tool.required <= keys <= tool.properties.keys()
        ]
        if len(fitting) != 1 or _DELETES.search(fitting[0].name):
            return found
        return replace(found, name=fitting[0].name)


def _normalize_name(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _flat_fits(arguments: dict[str, Any], tool: OfferedTool, *, plain: bool) -> bool:
    """Whether the values beside a name are this tool's arguments."""
    if not arguments:
        return not plain and not tool.required
    return bool(tool.required) and tool.required <= arguments.keys() <= tool.properties.keys()


def _with_positional(found: FoundCall, tool: OfferedTool) -> dict[str, Any] | None:
    """Return the arguments with names for positional values, the required ones first."""
    if not found.positional:
        return found.arguments
    order = sorted(tool.properties, key=lambda name: name not in tool.required)
    unused = [name for name in order if name not in found.arguments]
    if len(found.positional) > len(unused):
        return None
    return {**dict(zip(unused, found.positional, strict=False)), **found.arguments}


def _unknown_call(found: FoundCall) -> ResolvedCall | None:
    """Return the call of a tool that was not offered, under the name that the model used."""
    incomplete = found.flat or found.positional or found.only_in_marks or "" in found.arguments
    name = _NAMESPACE_PREFIX.sub("", found.name.strip())
    if incomplete or not _NAME.fullmatch(name):
        return None
    return ResolvedCall(name, found.arguments, is_unknown=True)
