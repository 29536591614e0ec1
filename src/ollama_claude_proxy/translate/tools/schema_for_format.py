"""A client's JSON Schema as Ollama's `format`, from which llama.cpp makes a grammar.

What its converter refuses would fail the request (seen on Ollama 0.32.15 with llama.cpp b10488), so
it is left out: the answer is checked against the client's own schema afterwards. The order stays,
because it is the order in which the model has to write.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_COUNT_KEYWORDS = frozenset({"minItems", "maxItems", "minLength", "maxLength"})
_LIMIT_KEYWORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_FORMATS = frozenset({"date", "time", "date-time", "uuid"})
# Keywords whose value is an object of schemas, or a list of schemas.
_NAMED_SCHEMAS_KEYWORDS = frozenset({"properties", "$defs", "definitions"})
_SCHEMA_LIST_KEYWORDS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
# The converter knows only plain classes, groups and repetitions between both anchors.
_PATTERN = re.compile(
    r"\^(?:[\w \-/:,#@]|\\[.\-/+*?()\[\]{}|^$]|\[[^\]\\]+\]|[()|*+?]|\{\d+(?:,\d*)?\})+\$"
)
_MAX_REPETITIONS = 100_000
_MAX_DEPTH = 100


def schema_for_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema without what the converter refuses."""
    return _convertible(dict(schema), dict(schema), 0)


def _convertible(schema: Any, root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return {}
    if "$ref" in schema:
        return {"$ref": schema["$ref"]} if _is_resolvable(schema["$ref"], root) else {}
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if _holds_schemas(keyword, value):
            kept[keyword] = _convertible_inner(value, root, depth + 1, keyword)
        elif _is_convertible_keyword(keyword, value):
            kept[keyword] = value
    if "properties" in kept and "type" not in kept:
        kept["type"] = "object"
    return kept


def _holds_schemas(keyword: str, value: Any) -> bool:
    """Whether the keyword's value is one or more schemas."""
    if keyword in _NAMED_SCHEMAS_KEYWORDS:
        return isinstance(value, dict)
    if keyword in _SCHEMA_LIST_KEYWORDS:
        return isinstance(value, list) and bool(value)
    return keyword == "items"


def _convertible_inner(value: Any, root: Mapping[str, Any], depth: int, keyword: str) -> Any:
    """Return the value of a keyword that holds schemas, each of them convertible."""
    if keyword in _NAMED_SCHEMAS_KEYWORDS:
        return {
            name: _convertible(schema, root, depth)
            for name, schema in value.items()
            if schema is not False
        }
    if keyword in _SCHEMA_LIST_KEYWORDS:
        return [_convertible(schema, root, depth) for schema in value]
    return _convertible(value, root, depth)


def _is_convertible_keyword(keyword: str, value: Any) -> bool:
    check = _CHECKS.get(keyword)
    if check is not None:
        return check(value)
    if keyword in _COUNT_KEYWORDS:
        return isinstance(value, int) and 0 <= value <= _MAX_REPETITIONS
    return keyword in _LIMIT_KEYWORDS and isinstance(value, int)


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return isinstance(value, list) and bool(value) and all(kind in _TYPES for kind in value)


def _is_resolvable(reference: Any, root: Mapping[str, Any]) -> bool:
    """Whether a reference leads to a definition of this schema."""
    if not isinstance(reference, str):
        return False
    path = reference.removeprefix("#/").split("/")
    if len(path) != 2 or path[0] not in {"$defs", "definitions"}:
        return False
    return isinstance(root.get(path[0]), dict) and path[1] in root[path[0]]


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": lambda value: isinstance(value, list) and bool(value),
    "required": lambda value: (
        isinstance(value, list) and all(isinstance(name, str) for name in value)
    ),
    "additionalProperties": lambda value: isinstance(value, bool),
    "pattern": lambda value: isinstance(value, str) and _PATTERN.fullmatch(value) is not None,
    "format": lambda value: value in _FORMATS,
    "const": lambda _: True,
}
