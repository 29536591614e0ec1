"""The errors of llama.cpp's converter for a JSON schema (recorded from b10488)."""

from collections.abc import Iterator
from typing import Any

_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
# The keywords of a property in Ollama's struct; the rest never reaches the converter.
_STRUCT_KEYWORDS = {"type", "description", "enum", "items", "properties", "required", "anyOf"}


def conversion_error(schema: Any) -> str | None:
    """Return the converter's error for the first place that it refuses, or None."""
    return next(_errors(schema, schema, "#"), None)


def tool_conversion_error(tool: dict[str, Any]) -> str | None:
    """Return the converter's error for a tool's parameters after Ollama's struct, or None."""
    parameters = tool.get("function", {}).get("parameters") or {}
    properties = parameters.get("properties")
    if not isinstance(properties, dict):
        return "JSON schema error at #: properties must be an object"
    fields = {name: _through_struct(schema) for name, schema in properties.items()}
    return conversion_error(parameters | {"properties": fields})


def _through_struct(schema: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in schema.items() if name in _STRUCT_KEYWORDS}
    if isinstance(fields.get("properties"), dict):
        fields["properties"] = {
            name: _through_struct(subschema) for name, subschema in fields["properties"].items()
        }
    if isinstance(fields.get("anyOf"), list):
        fields["anyOf"] = [_through_struct(subschema) for subschema in fields["anyOf"]]
    return fields


def _errors(schema: Any, root: Any, path: str) -> Iterator[str]:
    error = f"JSON schema error at {path}"
    if not isinstance(schema, dict):
        yield f"{error}: schema must be an object"
        return
    if "$ref" in schema:
        if (reason := _unresolved(schema["$ref"], root)) is not None:
            yield f"{error}: cannot resolve $ref {schema['$ref']}, {reason}"
        return
    types = schema.get("type", [])
    for type_name in types if isinstance(types, list) else [types]:
        if type_name not in _TYPES:
            yield f"{error}: unrecognized type {type_name}"
    for name, subschema in schema.get("properties", {}).items():
        yield from _errors(subschema, root, f"{path}/properties/{name}")
    if "items" in schema:
        yield from _errors(schema["items"], root, f"{path}/items")
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, subschema in enumerate(schema.get(keyword, [])):
            yield from _errors(subschema, root, f"{path}/{keyword}/{index}")


def _unresolved(reference: str, root: Any) -> str | None:
    """Return which part of `#/$defs/NAME` is missing; a URL, or `#` alone, is never resolved."""
    value = root
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(value, dict) or part not in value:
            return f"{part} not found"
        value = value[part]
    return None
