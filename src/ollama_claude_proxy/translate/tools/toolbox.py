"""The tools that a client offered, by name and by what fits them."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from ollama_claude_proxy.translate.tools.arguments import Fitting
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.loose_json import value_at, whole
from ollama_claude_proxy.wire.events import encode_json

_SAYS_TYPE = frozenset({"type", "enum", "anyOf", "oneOf", "$ref"})
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_NAME_SPACE = re.compile(r"^(?:functions|default_api|tools?|namespace)[.:/]")


class OfferedTool:
    """A tool with the client's own schema."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.name = name
        self.schema = schema
        properties = schema.get("properties")
        self.properties: dict[str, Any] = properties if isinstance(properties, dict) else {}
        required = schema.get("required")
        self.required = frozenset(required if isinstance(required, list) else ())

    def call(self, arguments: dict[str, Any], *repairs: str) -> Call:
        """Give a call with the arguments made to fit, or with the problem that remains."""
        fitting = Fitting(self.schema)
        fitted = fitting.fit(arguments)
        problem = self.problem(fitted)
        changes = (*repairs, *fitting.repairs)
        return Call(self.name, arguments if problem else fitted, changes, problem)

    def problem(self, arguments: dict[str, Any]) -> str:
        """Say why arguments do not fit the schema; nothing if they do."""
        if self._validator is None:
            return ""
        try:
            error = next(self._validator.iter_errors(arguments), None)
        except Exception:  # noqa: BLE001  # a schema that is itself broken judges nothing
            return ""
        if error is None:
            return ""
        place = ".".join(map(str, error.absolute_path))
        return f"{place}: {error.message}"[:500] if place else str(error.message)[:500]

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator  # noqa: PLC0415  # 70 ms, only when one calls
        from jsonschema.validators import validator_for  # noqa: PLC0415

        try:
            return validator_for(self.schema, default=Draft202012Validator)(self.schema)
        except Exception:  # noqa: BLE001  # whatever a client's schema may be
            return None


class Toolbox:
    """The tools of a request."""

    def __init__(self, tools: Iterable[OfferedTool] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._plain: dict[str, list[OfferedTool]] = {}
        for tool in self._tools.values():
            self._plain.setdefault(_plain(tool.name), []).append(tool)

    def __bool__(self) -> bool:
        return bool(self._tools)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, as the client spells them."""
        return tuple(self._tools)

    def find(self, name: str) -> OfferedTool | None:
        """Give a tool by its name; case and separators are forgiven where that leaves one."""
        name = name.strip()
        if name in self._tools:
            return self._tools[name]
        for form in (name, _NAME_SPACE.sub("", name)):
            if form in self._tools:
                return self._tools[form]
            same = self._plain.get(_plain(form), [])
            if len(same) == 1:
                return same[0]
        return None

    def fitting(self, arguments: dict[str, Any]) -> OfferedTool | None:
        """Give the only tool that takes just these arguments."""
        keys = arguments.keys()
        able = [
            tool
            for tool in self._tools.values()
            if tool.required and tool.required <= keys and keys <= tool.properties.keys()
        ]
        return able[0] if len(able) == 1 else None

    def resolve(self, found: Sequence[FoundCall], plain: bool) -> list[Call | str] | None:
        """Give the calls that were meant; None where it is no call, but text.

        `plain` is JSON without markup, which may be a document: there every part must be a call.
        In markup a call of a tool that was not offered comes out as text beside the others.
        """
        calls = [self._call(one, plain=plain) for one in found]
        if all(call is None for call in calls) or (plain and None in calls):
            return None
        return [
            _shown(one) if call is None else call for one, call in zip(found, calls, strict=True)
        ]

    def _call(self, found: FoundCall, *, plain: bool) -> Call | None:
        tool = self.find(found.name)
        if tool is None:
            return self._by_arguments(found)
        arguments = _with_positional(found, tool)
        if arguments is None or (found.flat and not _flat_fits(arguments, tool, plain=plain)):
            return None
        call = tool.call(_typed(arguments, tool) if found.texts else arguments)
        wrong = plain and call.problem and not (tool.required & arguments.keys())
        return None if wrong else call

    def _by_arguments(self, found: FoundCall) -> Call | None:
        """Take an unknown name for the one tool that its arguments fit."""
        if found.flat or found.positional or not found.arguments:
            return None
        tool = self.fitting(found.arguments)
        if tool is None:
            return None
        call = tool.call(
            found.arguments, f"the unknown tool {found.name!r} was taken for {tool.name}"
        )
        return None if call.problem else call


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _flat_fits(arguments: dict[str, Any], tool: OfferedTool, *, plain: bool) -> bool:
    """Whether what stands beside a name are this tool's arguments."""
    if not arguments:
        return not plain and not tool.required
    return bool(tool.required) and tool.required <= arguments.keys() <= tool.properties.keys()


def _typed(arguments: dict[str, Any], tool: OfferedTool) -> dict[str, Any]:
    """Read what stands between tags as lists and objects where the schema names no type.

    And as null, where the schema allows that beside text.
    """
    typed = dict(arguments)
    for name, value in arguments.items():
        about = tool.properties.get(name)
        about = about if isinstance(about, dict) else {}
        word = value.strip() if isinstance(value, str) else ""
        if word == "null" and "null" in (about.get("type") or ()):
            typed[name] = None
        elif whole(word) and not _SAYS_TYPE & about.keys():
            found = value_at(word, 0)
            typed[name] = found[0] if found is not None else value
    return typed


def _with_positional(found: FoundCall, tool: OfferedTool) -> dict[str, Any] | None:
    """Give values without a name the names of the parameters, the required ones first."""
    if not found.positional:
        return found.arguments
    order = sorted(tool.properties, key=lambda name: name not in tool.required)
    free = [name for name in order if name not in found.arguments]
    if len(found.positional) > len(free):
        return None
    return {**dict(zip(free, found.positional, strict=False)), **found.arguments}


def _shown(found: FoundCall) -> str:
    """Give a call of a tool that is not there as text."""
    return encode_json({"name": found.name, "arguments": found.arguments}).decode()
