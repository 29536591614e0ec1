"""Repair the arguments of a call so that they match the client's schema, without guessing.

Each repair loses nothing and is unambiguous: a number written as text, JSON in a string, one value
where a list is wanted, a parameter under a name that means exactly one other, `null` for what may
be left out, a key that the tool does not take. Whether the result is valid is decided by
`jsonschema`, against the client's own schema.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.translate.tools.parameter_names import match_parameter_names
from ollama_claude_proxy.translate.tools.reading.lenient_json import parse_json_value

_MAX_DEPTH = 12
_INTEGER = re.compile(r"[+-]?\d{1,18}(?:\.0+)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
# Returned if a value cannot be converted; None is a value.
_NOT_CONVERTIBLE = object()


class ArgumentRepair:
    """Repairs one call's arguments to fit a schema; `repairs` are notes on what was changed."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self.repairs: list[str] = []

    def repair(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with every repair that is possible."""
        return self._repair_object(arguments, self._root, "", 0)

    def _repair_object(
        self, values: dict[str, Any], schema: dict[str, Any], path: str, depth: int
    ) -> dict[str, Any]:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or depth > _MAX_DEPTH:
            return values
        matches = match_parameter_names(values, schema)
        required = schema.get("required") or ()
        repaired: dict[str, Any] = {}
        for key, value in values.items():
            name = matches.get(key, key)
            if name != key:
                self.repairs.append(f"{path}{key} was taken for {name}")
            if name not in properties:
                if schema.get("additionalProperties") is False:
                    self.repairs.append(f"{path}{key} was dropped")
                else:
                    repaired[name] = value
                continue
            inner = self._resolve(properties[name])
            if value is None and name not in required and not _allows_null(inner):
                self.repairs.append(f"{path}{name} was null and was dropped")
                continue
            repaired[name] = self._repair_value(value, inner, f"{path}{name}", depth + 1)
        return repaired

    def _repair_value(self, value: Any, schema: dict[str, Any], path: str, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            return value
        options = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(options, list) and "type" not in schema:
            return self._repair_any_of(value, options, path, depth)
        repaired = self._convert(value, schema, path)
        if isinstance(repaired, dict):
            return self._repair_object(repaired, schema, f"{path}.", depth)
        if isinstance(repaired, list):
            items = self._resolve(schema.get("items"))
            return [
                self._repair_value(element, items, f"{path}.{index}", depth + 1)
                for index, element in enumerate(repaired)
            ]
        return repaired

    def _repair_any_of(self, value: Any, options: list[Any], path: str, depth: int) -> Any:
        """Repair by the first option that allows the value, otherwise by the first that fits."""
        resolved = [self._resolve(option) for option in options]
        for option in resolved:
            if _has_type_of(value, option):
                return self._repair_value(value, option, path, depth + 1)
        for option in resolved:
            repaired = self._repair_value(value, option, path, depth + 1)
            if _has_type_of(repaired, option):
                return repaired
        return value

    def _convert(self, value: Any, schema: dict[str, Any], path: str) -> Any:
        """Return the value as the first type of the schema that it can be converted to."""
        if _has_type_of(value, schema):
            return _match_enum(value, schema)
        for kind in self._types_of(value, schema):
            converted = _convert_to(value, kind, self._resolve(schema.get("items")))
            if converted is not _NOT_CONVERTIBLE:
                self.repairs.append(f"{path} was made {kind}")
                return _match_enum(converted, schema)
        return value

    def _types_of(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """Return the types of a schema; an object before a list of one, if the value is one."""
        kinds = _types(schema)
        is_object = isinstance(value, str) and value.lstrip().startswith("{")
        return sorted(kinds, key=lambda kind: kind != "object") if is_object else kinds

    def _resolve(self, schema: Any, depth: int = 0) -> dict[str, Any]:
        """Follow a local `$ref`."""
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/") or depth > _MAX_DEPTH:
            return schema
        target: Any = self._root
        for part in reference[2:].split("/"):
            target = target.get(part) if isinstance(target, dict) else None
        return self._resolve(target, depth + 1)


def _convert_to(value: Any, kind: str, items: dict[str, Any]) -> Any:
    """Return the value as another type, or _NOT_CONVERTIBLE; `items` is the schema of a list's."""
    if isinstance(value, str):
        return _convert_text(value, kind, items)
    match kind:
        case "integer" if isinstance(value, float) and value.is_integer():
            return int(value)
        case "string" if isinstance(value, bool | int | float):
            return json.dumps(value)
        case "string" if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, indent=2)
        case "array" if value is not None and _has_type_of(value, items):
            return [value]
    return _NOT_CONVERTIBLE


def _convert_text(text: str, kind: str, items: dict[str, Any]) -> Any:
    word = text.strip()
    match kind:
        case "integer" if _INTEGER.fullmatch(word):
            return int(float(word)) if "." in word else int(word)
        case "number" if _NUMBER.fullmatch(word):
            return float(word) if re.search(r"[.eE]", word) else int(word)
        case "boolean" if word.lower() in {"true", "false"}:
            return word.lower() == "true"
        case "null" if word.lower() in {"null", "none"}:
            return None
        case "array" | "object":
            return _convert_json(text, kind, items)
    return _NOT_CONVERTIBLE


def _convert_json(text: str, kind: str, items: dict[str, Any]) -> Any:
    """Return the array or object that a text is as JSON, or a text as an array of one."""
    word = text.strip()
    if word[:1] in {"[", "{"}:
        parsed = parse_json_value(word, 0)
        if parsed is not None and parsed[1] == len(word):
            value = parsed[0]
            if isinstance(value, _PYTHON_TYPES[kind]):
                return value
            if kind == "array" and _has_type_of(value, items):
                return [value]
    if kind == "array" and word and "string" in _types(items):
        return [text]
    return _NOT_CONVERTIBLE


def _match_enum(value: Any, schema: dict[str, Any]) -> Any:
    """Return the allowed value that differs in case only, otherwise the value."""
    allowed = schema.get("enum")
    if not isinstance(allowed, list) or value in allowed or not isinstance(value, str):
        return value
    word = value.strip().lower()
    matches = [option for option in allowed if isinstance(option, str) and option.lower() == word]
    return matches[0] if len(matches) == 1 else value


def _types(schema: dict[str, Any]) -> list[str]:
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return [kinds]
    return [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []


def _has_type_of(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is of a type that the schema names, or it names none."""
    kinds = _types(schema)
    if not kinds:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _PYTHON_TYPES.get(kind, (object,))) for kind in kinds)


def _allows_null(schema: dict[str, Any]) -> bool:
    kinds = _types(schema)
    if kinds:
        return "null" in kinds
    allowed = schema.get("enum")
    if isinstance(allowed, list):
        return None in allowed
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, list):
        return any(isinstance(option, dict) and _allows_null(option) for option in options)
    return True
