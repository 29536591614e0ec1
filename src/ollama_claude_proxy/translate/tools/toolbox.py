"""The tools that a client offered, by name and by what fits them."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from ollama_claude_proxy.translate.tools.argument_repair import ArgumentRepair
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    is_single_value,
    parse_json_value,
)
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.events import encode_json

_MAX_PROBLEM_CHARACTERS = 500
_TYPE_KEYWORDS = frozenset({"type", "enum", "anyOf", "oneOf", "$ref"})
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

    def find_by_arguments(self, arguments: dict[str, Any]) -> OfferedTool | None:
        """Return the only tool that takes exactly these arguments."""
        keys = arguments.keys()
        matches = [
            tool
            for tool in self._tools.values()
            if tool.required and tool.required <= keys and keys <= tool.properties.keys()
        ]
        return matches[0] if len(matches) == 1 else None

    def resolve(self, found: Sequence[FoundCall], plain: bool) -> list[ResolvedCall | str] | None:
        """Return the calls that were meant; None if it is text and no call.

        `plain` is JSON without markup, which may be a document: there every part must be a call.
        In markup, a call of a tool that was not offered is returned as text beside the others.
        """
        calls = [self._call(found_call, plain=plain) for found_call in found]
        if all(call is None for call in calls) or (plain and None in calls):
            return None
        return [
            _format_call(found_call) if call is None else call
            for found_call, call in zip(found, calls, strict=True)
        ]

    def _call(self, found: FoundCall, *, plain: bool) -> ResolvedCall | None:
        tool = self.find(found.name)
        if tool is None:
            return self._call_by_arguments(found)
        arguments = _with_positional(found, tool)
        if arguments is None or (found.flat and not _flat_fits(arguments, tool, plain=plain)):
            return None
        call = tool.call(_with_types(arguments, tool) if found.untyped else arguments)
        is_document = plain and call.problem and not (tool.required & arguments.keys())
        return None if is_document else call

    def _call_by_arguments(self, found: FoundCall) -> ResolvedCall | None:
        """Return the call of an unknown name as one of the only tool that its arguments fit."""
        if found.flat or found.positional or not found.arguments:
            return None
        tool = self.find_by_arguments(found.arguments)
        if tool is None:
            return None
        call = tool.call(
            found.arguments, f"the unknown tool {found.name!r} was taken for {tool.name}"
        )
        return None if call.problem else call


def _normalize_name(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _flat_fits(arguments: dict[str, Any], tool: OfferedTool, *, plain: bool) -> bool:
    """Whether the values beside a name are this tool's arguments."""
    if not arguments:
        return not plain and not tool.required
    return bool(tool.required) and tool.required <= arguments.keys() <= tool.properties.keys()


def _with_types(arguments: dict[str, Any], tool: OfferedTool) -> dict[str, Any]:
    """Return arguments from between tags with types: lists and objects if the schema names no type.

    `null` is null if the schema allows that beside text.
    """
    typed = dict(arguments)
    for name, value in arguments.items():
        schema = tool.properties.get(name)
        schema = schema if isinstance(schema, dict) else {}
        word = value.strip() if isinstance(value, str) else ""
        if word == "null" and "null" in (schema.get("type") or ()):
            typed[name] = None
        elif is_single_value(word) and not _TYPE_KEYWORDS & schema.keys():
            parsed = parse_json_value(word, 0)
            typed[name] = parsed[0] if parsed is not None else value
    return typed


def _with_positional(found: FoundCall, tool: OfferedTool) -> dict[str, Any] | None:
    """Return the arguments with names for positional values, the required ones first."""
    if not found.positional:
        return found.arguments
    order = sorted(tool.properties, key=lambda name: name not in tool.required)
    unused = [name for name in order if name not in found.arguments]
    if len(found.positional) > len(unused):
        return None
    return {**dict(zip(unused, found.positional, strict=False)), **found.arguments}


def _format_call(found: FoundCall) -> str:
    """Return a call of a tool that was not offered as text."""
    return encode_json({"name": found.name, "arguments": found.arguments}).decode()
