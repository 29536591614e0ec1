"""Arguments are made to fit the schema that the client gave, without guessing.

What is done loses nothing and has one meaning: a number written as text, JSON in a string, one
value where a list is wanted, a parameter under a name that means exactly one other, `null` for what
may be left out, a key that the tool does not take. Whether the result fits is for `jsonschema` to
say, against the client's own schema.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.translate.tools.parameters import renamed
from ollama_claude_proxy.translate.tools.reading.loose_json import value_at

_DEEPEST = 12
_INTEGER = re.compile(r"[+-]?\d{1,18}(?:\.0+)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_JSON_KINDS: Mapping[str, type] = {"array": list, "object": dict}


class Fitting:
    """Fits one call's arguments to a schema; `repairs` say what was changed."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self.repairs: list[str] = []

    def fit(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Give the arguments with what can be repaired repaired."""
        return self._object(arguments, self._root, "", 0)

    def _object(
        self, values: dict[str, Any], schema: dict[str, Any], path: str, depth: int
    ) -> dict[str, Any]:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or depth > _DEEPEST:
            return values
        names = renamed(values, schema)
        required = schema.get("required") or ()
        closed = schema.get("additionalProperties") is False
        fitted: dict[str, Any] = {}
        for key, value in values.items():
            name = names.get(key, key)
            if name != key:
                self.repairs.append(f"{path}{key} was taken for {name}")
            if name not in properties:
                if closed:
                    self.repairs.append(f"{path}{key} was dropped")
                else:
                    fitted[name] = value
                continue
            inner = self._resolved(properties[name])
            if value is None and name not in required and not _allows_null(inner):
                self.repairs.append(f"{path}{name} was null and was dropped")
                continue
            fitted[name] = self._value(value, inner, f"{path}{name}", depth + 1)
        return fitted

    def _value(self, value: Any, schema: dict[str, Any], path: str, depth: int) -> Any:
        if depth > _DEEPEST:
            return value
        options = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(options, list) and "type" not in schema:
            return self._any_of(value, options, path, depth)
        fitted = self._scalar(value, schema, path)
        if isinstance(fitted, dict):
            return self._object(fitted, schema, f"{path}.", depth)
        if isinstance(fitted, list):
            items = self._resolved(schema.get("items"))
            return [
                self._value(one, items, f"{path}.{index}", depth + 1)
                for index, one in enumerate(fitted)
            ]
        return fitted

    def _any_of(self, value: Any, options: list[Any], path: str, depth: int) -> Any:
        """Take the value as it is where one option allows it, else as the first that can."""
        resolved = [self._resolved(option) for option in options]
        for option in resolved:
            if _is(value, option):
                return self._value(value, option, path, depth + 1)
        for option in resolved:
            fitted = self._value(value, option, path, depth + 1)
            if _is(fitted, option):
                return fitted
        return value

    def _scalar(self, value: Any, schema: dict[str, Any], path: str) -> Any:
        if _is(value, schema):
            return _of_enum(value, schema)
        for kind in _types(schema):
            fitted = _coerced(value, kind, self._resolved(schema.get("items")))
            if fitted is not _NOT:
                self.repairs.append(f"{path} was made {kind}")
                return _of_enum(fitted, schema)
        return value

    def _resolved(self, schema: Any, depth: int = 0) -> dict[str, Any]:
        """Follow a local `$ref`."""
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/") or depth > _DEEPEST:
            return schema
        target: Any = self._root
        for part in reference[2:].split("/"):
            target = target.get(part) if isinstance(target, dict) else None
        return self._resolved(target, depth + 1)


_NOT = object()


def _coerced(value: Any, kind: str, items: dict[str, Any]) -> Any:
    """Give the value as another type, or _NOT."""
    if isinstance(value, str):
        return _from_text(value, kind, items)
    match kind:
        case "integer" if isinstance(value, float) and value.is_integer():
            return int(value)
        case "string" if isinstance(value, bool | int | float):
            return json.dumps(value)
        case "string" if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, indent=2)
        case "array" if value is not None and _is(value, items):
            return [value]
    return _NOT


def _from_text(text: str, kind: str, items: dict[str, Any]) -> Any:
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
            return _from_json(text, kind, items)
    return _NOT


def _from_json(text: str, kind: str, items: dict[str, Any]) -> Any:
    word = text.strip()
    if word[:1] in {"[", "{"}:
        found = value_at(word, 0)
        if found is not None and found[1] == len(word):
            value = found[0]
            if isinstance(value, _JSON_KINDS[kind]):
                return value
            if kind == "array" and _is(value, items):
                return [value]
    if kind == "array" and word and "string" in _types(items):
        return [text]
    return _NOT


def _of_enum(value: Any, schema: dict[str, Any]) -> Any:
    """Give the allowed value that differs in case only."""
    allowed = schema.get("enum")
    if not isinstance(allowed, list) or value in allowed or not isinstance(value, str):
        return value
    same = [one for one in allowed if isinstance(one, str) and one.lower() == value.strip().lower()]
    return same[0] if len(same) == 1 else value


_PYTHON: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _types(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    return [one for one in kind if isinstance(one, str)] if isinstance(kind, list) else []


def _is(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is of a type that the schema names."""
    kinds = _types(schema)
    if not kinds:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _PYTHON.get(kind, (object,))) for kind in kinds)


def _allows_null(schema: dict[str, Any]) -> bool:
    kinds = _types(schema)
    if kinds:
        return "null" in kinds
    allowed = schema.get("enum")
    if isinstance(allowed, list):
        return None in allowed
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, list):
        return any(isinstance(one, dict) and _allows_null(one) for one in options)
    return True
