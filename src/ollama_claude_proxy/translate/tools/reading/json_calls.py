"""The calls that a JSON value means, in any of the forms that models were trained on."""

from typing import Any

from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.lenient_json import parse_arguments

# Keys for a tool's name and for its arguments, the usual ones first.
_NAME_KEYS = ("name", "tool_name", "tool", "function", "function_name", "action", "recipient_name")
_ARGUMENTS_KEYS = (
    "arguments",
    "parameters",
    "input",
    "args",
    "params",
    "tool_input",
    "action_input",
    "kwargs",
    "tool_args",
)
# Keys that a call may have beside them.
_METADATA_KEYS = frozenset(
    {"type", "id", "tool_call_id", "call_id", "index", "thought", "thoughts", "reasoning", "reason"}
)
# Keys of envelopes around a list of calls, and around one.
_LIST_ENVELOPES = ("tool_calls", "function_calls", "tool_uses", "calls")
_SINGLE_ENVELOPES = ("function_call", "tool_call", "function", "tool_use")
CALL_KEYS = frozenset(
    {*_NAME_KEYS, *_ARGUMENTS_KEYS, *_METADATA_KEYS, *_LIST_ENVELOPES, *_SINGLE_ENVELOPES}
)
_SCHEMA_KEYWORDS = frozenset({"type", "properties", "required", "$schema", "additionalProperties"})


def calls_from_json(value: Any) -> list[FoundCall] | None:
    """Return the calls that a JSON value means, or None where it is something else."""
    if isinstance(value, list):
        return _calls_from_list(value)
    if not isinstance(value, dict):
        return None
    for key in _LIST_ENVELOPES:
        if isinstance(value.get(key), list):
            return _calls_from_list(value[key])
    for key in _SINGLE_ENVELOPES:
        if isinstance(value.get(key), dict):
            return None if _is_definition(value[key]) else calls_from_json(value[key])
    call = _call_from_object(value)
    return None if call is None else [call]


def _calls_from_list(values: list[Any]) -> list[FoundCall] | None:
    """Return the calls of a list in which every element is one."""
    calls: list[FoundCall] = []
    for value in values:
        inner = calls_from_json(value) if isinstance(value, dict) else None
        if inner is None:
            return None
        calls += inner
    return calls or None


def _call_from_object(value: dict[str, Any]) -> FoundCall | None:
    name_key = next((key for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    if name_key is None:
        return _call_by_key(value)
    if not value[name_key].strip() or _is_definition(value):
        return None
    name = value[name_key].strip()
    rest = {
        key: inner for key, inner in value.items() if key != name_key and key not in _METADATA_KEYS
    }
    arguments = _nested_arguments(rest)
    return FoundCall(name, rest, flat=True) if arguments is None else FoundCall(name, arguments)


def _call_by_key(value: dict[str, Any]) -> FoundCall | None:
    """Return Apertus's form of a call, `{"Read": {"file_path": "/a"}}`."""
    if len(value) != 1:
        return None
    name, arguments = next(iter(value.items()))
    if name in CALL_KEYS or not isinstance(arguments, dict):
        return None
    return FoundCall(name, arguments, flat=True, only_in_marks=True)


def _nested_arguments(rest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the arguments under the first key for them, or None where that holds none."""
    key = next((key for key in _ARGUMENTS_KEYS if key in rest), None)
    if key is None:
        return None
    return parse_arguments({} if rest[key] is None else rest[key])


def _is_definition(value: dict[str, Any]) -> bool:
    """Whether this defines a tool instead of calling it: its parameters are a schema."""
    for key in ("parameters", "input_schema", "arguments"):
        schema = value.get(key)
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            return True
        if key == "input_schema" and schema is not None:
            return True
        if isinstance(schema, dict) and schema.get("type") == "object":
            return schema.keys() <= _SCHEMA_KEYWORDS
    return False
