"""A client's schema as `format`, of which llama.cpp makes a grammar.

What its converter refuses would fail the request (seen on Ollama 0.32.15 with llama.cpp b10488), so
it is left out: the answer is checked against the client's own schema afterwards. Order stays, for
it is the order in which a model has to write.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength"})
_LIMITS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_FORMATS = frozenset({"date", "time", "date-time", "uuid"})
_NAMED = frozenset({"properties", "$defs", "definitions"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
# Plain classes, groups and repetitions between both anchors; the converter knows no more.
_PATTERN = re.compile(
    r"\^(?:[\w \-/:,#@]|\\[.\-/+*?()\[\]{}|^$]|\[[^\]\\]+\]|[()|*+?]|\{\d+(?:,\d*)?\})+\$"
)
_MOST_REPEATED = 100_000
_DEEPEST = 100


def grammar_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema without what the converter refuses."""
    return _schema(dict(schema), dict(schema), 0)


def _schema(schema: Any, root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return {}
    if "$ref" in schema:
        return {"$ref": schema["$ref"]} if _points(schema["$ref"], root) else {}
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, dict):
            kept[key] = {
                name: _schema(one, root, depth + 1)
                for name, one in value.items()
                if one is not False
            }
        elif key in _LISTS and isinstance(value, list) and value:
            kept[key] = [_schema(one, root, depth + 1) for one in value]
        elif key == "items":
            kept[key] = _schema(value, root, depth + 1)
        elif _may_stay(key, value):
            kept[key] = value
    if "properties" in kept and "type" not in kept:
        kept["type"] = "object"
    return kept


def _may_stay(key: str, value: Any) -> bool:
    allowed = _ALLOWED.get(key)
    if allowed is not None:
        return allowed(value)
    if key in _COUNTS:
        return isinstance(value, int) and 0 <= value <= _MOST_REPEATED
    return key in _LIMITS and isinstance(value, int)


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return isinstance(value, list) and bool(value) and all(one in _TYPES for one in value)


def _points(reference: Any, root: Mapping[str, Any]) -> bool:
    """Whether a reference leads to a definition of this schema."""
    if not isinstance(reference, str):
        return False
    place = reference.removeprefix("#/").split("/")
    if len(place) != 2 or place[0] not in {"$defs", "definitions"}:
        return False
    return isinstance(root.get(place[0]), dict) and place[1] in root[place[0]]


_ALLOWED: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": lambda value: isinstance(value, list) and bool(value),
    "required": lambda value: (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    ),
    "additionalProperties": lambda value: isinstance(value, bool),
    "pattern": lambda value: isinstance(value, str) and _PATTERN.fullmatch(value) is not None,
    "format": lambda value: value in _FORMATS,
    "const": lambda _: True,
}
