"""A call as it was found in text, before it is known whether such a tool was offered."""

from typing import Any

from msgspec import Struct

from ollama_claude_proxy.translate.tools.reading.loose_json import argument_object

# The words by which formats call a tool's name and its arguments, the usual ones first.
NAMES = ("name", "tool_name", "tool", "function", "function_name", "action", "recipient_name")
ARGUMENTS = (
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
# What may stand beside them without making it another kind of document.
_BESIDE = frozenset(
    {"type", "id", "tool_call_id", "call_id", "index", "thought", "thoughts", "reasoning", "reason"}
)
# Envelopes that hold calls.
LISTS = ("tool_calls", "function_calls", "tool_uses", "calls")
SINGLES = ("function_call", "tool_call", "function", "tool_use")
CALL_KEYS = frozenset({*NAMES, *ARGUMENTS, *_BESIDE, *LISTS, *SINGLES})
_SCHEMA_WORDS = frozenset({"type", "properties", "required", "$schema", "additionalProperties"})


class FoundCall(Struct, frozen=True):
    """A name and arguments.

    `positional` are values without a name, as in `Read("/a")`. `flat` says that the arguments stood
    beside the name, so that they may be none. `texts` says that values come without types, as
    between tags; `ragged` that a tag which should close one is missing.
    """

    name: str
    arguments: dict[str, Any]
    positional: tuple[Any, ...] = ()
    flat: bool = False
    texts: bool = False
    ragged: bool = False


def calls_in(value: Any) -> list[FoundCall] | None:
    """Give the calls that a JSON value is, or None where it is none."""
    if isinstance(value, list):
        return _all(value)
    if not isinstance(value, dict):
        return None
    for key in LISTS:
        if isinstance(value.get(key), list):
            return _all(value[key])
    for key in SINGLES:
        if isinstance(value.get(key), dict):
            return None if is_definition(value[key]) else calls_in(value[key])
    call = _call(value)
    return None if call is None else [call]


def _all(values: list[Any]) -> list[FoundCall] | None:
    calls: list[FoundCall] = []
    for value in values:
        inner = calls_in(value) if isinstance(value, dict) else None
        if inner is None:
            return None
        calls += inner
    return calls or None


def _call(value: dict[str, Any]) -> FoundCall | None:
    key = next((key for key in NAMES if isinstance(value.get(key), str)), None)
    if key is None or not value[key].strip() or is_definition(value):
        return None
    name = value[key].strip()
    rest = {other: inner for other, inner in value.items() if other not in {key, *_BESIDE}}
    holder = next((one for one in ARGUMENTS if one in rest), None)
    if holder is None:
        return FoundCall(name, rest, flat=True)
    arguments = argument_object(rest[holder] if rest[holder] is not None else {})
    if arguments is None:
        return FoundCall(name, rest, flat=True)
    return FoundCall(name, arguments)


def is_definition(value: dict[str, Any]) -> bool:
    """Whether this tells of a tool instead of calling it: its parameters are a schema."""
    for key in ("parameters", "input_schema", "arguments"):
        schema = value.get(key)
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            return True
        if key == "input_schema" and schema is not None:
            return True
        if isinstance(schema, dict) and schema.get("type") == "object":
            return schema.keys() <= _SCHEMA_WORDS
    return False
