"""Types for values from between tags, where every value is text.

Where a schema allows text and something else, a text that is wholly a number, a word of JSON or a
bracketed value is that.
"""

import json
from typing import Any

from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    is_single_value,
    parse_json_value,
)

_TYPE_KEYWORDS = frozenset({"type", "enum", "anyOf", "oneOf", "$ref"})
_MAX_SCALAR_CHARS = 40
_NO_VALUE = object()


def with_types(arguments: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a call's arguments with types where the schema leaves a choice."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return arguments
    return {
        name: _with_type(value, properties.get(name)) if isinstance(value, str) else value
        for name, value in arguments.items()
    }


def _with_type(text: str, schema: Any) -> Any:
    kinds = _kinds(schema)
    if kinds == {"string"} or (kinds is not None and len(kinds) == 1):
        return text  # the repair of arguments converts what has one type
    value = _parse(text.strip())
    if value is _NO_VALUE:
        return text
    if kinds is None:
        return value if isinstance(value, list | dict) else text
    return value if _kind_of(value) & kinds else text


def _kinds(schema: Any) -> set[str] | None:
    """Return the types that a schema allows; None if it names none."""
    if not isinstance(schema, dict) or not _TYPE_KEYWORDS & schema.keys():
        return None
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return {kinds}
    if isinstance(kinds, list):
        return {kind for kind in kinds if isinstance(kind, str)}
    options = schema.get("anyOf") or schema.get("oneOf") or ()
    inner = [_kinds(option) or set() for option in options if isinstance(option, dict)]
    return set().union(*inner)


def _parse(text: str) -> Any:
    """Return the value that a text is as JSON, or _NO_VALUE."""
    if is_single_value(text):
        parsed = parse_json_value(text, 0)
        return _NO_VALUE if parsed is None else parsed[0]
    if len(text) > _MAX_SCALAR_CHARS:
        return _NO_VALUE
    try:
        value = json.loads(text.lower() if text in {"True", "False"} else text)
    except ValueError:
        return _NO_VALUE
    return _NO_VALUE if isinstance(value, str) else value


def _kind_of(value: Any) -> set[str]:
    match value:
        case bool():
            return {"boolean"}
        case int():
            return {"integer", "number"}
        case float():
            return {"number"}
        case None:
            return {"null"}
        case list():
            return {"array"}
    return {"object"}
