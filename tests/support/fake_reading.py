"""What Go cannot read of a `/api/chat` body, in the words of its JSON decoder."""

import re
from collections.abc import Iterator
from typing import Any

from support.fake_base64 import first_bad_byte

_KINDS: dict[type, str] = {
    bool: "bool",
    str: "string",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
_DURATION = re.compile(r"[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+)")
_LEVELS = ("high", "medium", "low", "max")

# Of each field: the Go struct that is named, its path (`*`: any element), its Go type, what fits.
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


def unreadable(body: Any) -> str | None:
    """Give Go's words for the first thing in `body` that it cannot read, or None."""
    if not isinstance(body, dict):
        return f"json: cannot unmarshal {_kind(body)} into Go value of type api.ChatRequest"
    return next(_all_of(body), None)


def _all_of(body: dict[str, Any]) -> Iterator[str]:
    for rule in _FIELDS:
        yield from _misfits(body, rule, "")
    for schema in _values(body, f"{_PARAMETERS}.properties.*"):
        yield from _property(schema, f"{_PARAMETERS}.properties")
    for arguments in _values(body, "messages.*.tool_calls.*.function.arguments"):
        if not isinstance(arguments, dict):
            yield "Value looks like object, but can't find closing '}' symbol"
    for image in _values(body, "messages.*.images.*"):
        if (place := first_bad_byte(image)) is not None:
            yield f"illegal base64 data at input byte {place}"
    yield from _scalars(body)


def _scalars(body: dict[str, Any]) -> Iterator[str]:
    think, kept = body.get("think"), body.get("keep_alive")
    if think is not None and not isinstance(think, bool) and think not in _LEVELS:
        levels = '(must be "high", "medium", "low", "max", true, or false)'
        yield f'invalid think value: "{think}" {levels}'
    if isinstance(kept, str) and not _DURATION.fullmatch(kept):
        yield f'time: invalid duration "{kept}"'


def _property(schema: Any, path: str) -> Iterator[str]:
    for rule in _PROPERTY:
        yield from _misfits(schema, rule, path)
    if not isinstance(schema, dict):
        return
    for inner in _values(schema, "properties.*"):
        yield from _property(inner, f"{path}.properties")
    for inner in _values(schema, "anyOf.*"):
        yield from _property(inner, f"{path}.anyOf")


def _misfits(value: Any, rule: _Rule, above: str) -> Iterator[str]:
    struct, path, wanted, types = rule
    named = ".".join(part for part in f"{above}.{path}".split(".") if part not in {"", "*"})
    for found in _values(value, path):
        if found is not None and not isinstance(found, types):
            yield (
                f"json: cannot unmarshal {_kind(found)} into Go struct field "
                f"{struct}.{named} of type {wanted}"
            )


def _values(value: Any, path: str) -> Iterator[Any]:
    """Give every value at `path`; what has another form on the way is another rule's business."""
    first, _, rest = path.partition(".")
    if not path:
        yield value
    elif first == "*" and isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _values(inner, rest)
    elif isinstance(value, dict) and first in value:
        yield from _values(value[first], rest)


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")
