"""The errors of Go's JSON decoder for a `/api/chat` body."""

import re
from collections.abc import Iterator
from typing import Any

from support.go_base64 import first_bad_byte

_JSON_TYPES: dict[type, str] = {
    bool: "bool",
    str: "string",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
_DURATION = re.compile(r"[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+)")
_LEVELS = ("high", "medium", "low", "max")

# For each field: the Go struct to name, its path (`*`: any element), its Go type, its JSON types.
_Rule = tuple[str, str, str, tuple[type, ...]]
_PARAMETERS = "tools.*.function.parameters"
_FIELDS: list[_Rule] = [
    ("ChatRequest", "model", "string", (str,)),
    ("ChatRequest", "stream", "bool", (bool,)),
    ("ChatRequest", "options", "map[string]interface {}", (dict,)),
    ("ChatRequest", "truncate", "bool", (bool,)),
    ("ChatRequest", "shift", "bool", (bool,)),
    ("ChatRequest", "messages", "[]api.Message", (list,)),
    ("ChatRequest", "messages.*", "api.Message", (dict,)),
    ("ChatRequest", "messages.*.role", "string", (str,)),
    ("ChatRequest", "messages.*.content", "string", (str,)),
    ("ChatRequest", "messages.*.thinking", "string", (str,)),
    ("ChatRequest", "messages.*.tool_name", "string", (str,)),
    ("ChatRequest", "messages.*.tool_call_id", "string", (str,)),
    ("ChatRequest", "messages.*.images", "[]api.ImageData", (list,)),
    ("ChatRequest", "messages.*.tool_calls", "[]api.ToolCall", (list,)),
    ("ChatRequest", "tools", "api.Tools", (list,)),
    ("ChatRequest", "tools.*", "api.Tool", (dict,)),
    ("ChatRequest", "tools.*.function", "api.ToolFunction", (dict,)),
    ("ToolFunction", _PARAMETERS, "api.ToolFunctionParameters", (dict,)),
    ("ToolFunction", "tools.*.function.name", "string", (str,)),
    ("ToolFunction", "tools.*.function.description", "string", (str,)),
    ("ToolFunctionParameters", f"{_PARAMETERS}.type", "string", (str,)),
    ("ToolFunctionParameters", f"{_PARAMETERS}.required", "[]string", (list,)),
]
_PROPERTY: list[_Rule] = [
    ("ToolFunctionParameters", "", "api.ToolProperty", (dict,)),
    ("ToolFunctionParameters", "type", "[]string", (str, list)),
    ("ToolFunctionParameters", "description", "string", (str,)),
    ("ToolFunctionParameters", "enum", "[]interface {}", (list,)),
    ("ToolFunctionParameters", "required", "[]string", (list,)),
    ("ToolFunctionParameters", "anyOf", "[]api.ToolProperty", (list,)),
]


def decode_error(body: Any) -> str | None:
    """Return Go's error for the first value in `body` that it cannot decode, or None."""
    if not isinstance(body, dict):
        return f"json: cannot unmarshal {_json_type(body)} into Go value of type api.ChatRequest"
    return next(_errors(body), None)


def _errors(body: dict[str, Any]) -> Iterator[str]:
    for rule in _FIELDS:
        yield from _mismatches(body, rule, "")
    for schema in _values(body, f"{_PARAMETERS}.properties.*"):
        yield from _property(schema, f"{_PARAMETERS}.properties")
    for arguments in _values(body, "messages.*.tool_calls.*.function.arguments"):
        if not isinstance(arguments, dict):
            yield "Value looks like object, but can't find closing '}' symbol"
    for image in _values(body, "messages.*.images.*"):
        if (index := first_bad_byte(image)) is not None:
            yield f"illegal base64 data at input byte {index}"
    yield from _scalars(body)


def _scalars(body: dict[str, Any]) -> Iterator[str]:
    think, keep_alive = body.get("think"), body.get("keep_alive")
    if think is not None and not isinstance(think, bool) and think not in _LEVELS:
        levels = '(must be "high", "medium", "low", "max", true, or false)'
        yield f'invalid think value: "{think}" {levels}'
    if isinstance(keep_alive, str) and not _DURATION.fullmatch(keep_alive):
        yield f'time: invalid duration "{keep_alive}"'


def _property(schema: Any, path: str) -> Iterator[str]:
    for rule in _PROPERTY:
        yield from _mismatches(schema, rule, path)
    if not isinstance(schema, dict):
        return
    for inner in _values(schema, "properties.*"):
        yield from _property(inner, f"{path}.properties")
    for inner in _values(schema, "anyOf.*"):
        yield from _property(inner, f"{path}.anyOf")


def _mismatches(value: Any, rule: _Rule, parent: str) -> Iterator[str]:
    struct, path, go_type, types = rule
    full_path = ".".join(part for part in f"{parent}.{path}".split(".") if part not in {"", "*"})
    for field in _values(value, path):
        if field is not None and not isinstance(field, types):
            yield (
                f"json: cannot unmarshal {_json_type(field)} into Go struct field "
                f"{struct}.{full_path} of type {go_type}"
            )


def _values(value: Any, path: str) -> Iterator[Any]:
    """Yield every value at `path`; a parent of another type is left to its own rule."""
    first, _, rest = path.partition(".")
    if not path:
        yield value
    elif first == "*" and isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _values(inner, rest)
    elif isinstance(value, dict) and first in value:
        yield from _values(value[first], rest)


def _json_type(value: Any) -> str:
    return _JSON_TYPES.get(type(value), "null")
