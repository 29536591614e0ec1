"""What llama.cpp's converter refuses of a JSON schema (recorded from b10488)."""

from collections.abc import Iterator
from typing import Any

_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
# What Ollama's own struct hands on of a tool's property; the rest never reaches the converter.
_KEPT = {"type", "description", "enum", "items", "properties", "required", "anyOf"}


def unconvertible(schema: Any) -> str | None:
    """Give the converter's words for the first place that it refuses, or None."""
    return next(_errors(schema, schema, "#"), None)


def unconvertible_tool(tool: dict[str, Any]) -> str | None:
    """The same for a tool's parameters as they come out of Ollama's struct."""
    parameters = tool.get("function", {}).get("parameters") or {}
    properties = parameters.get("properties")
    if not isinstance(properties, dict):
        return "JSON schema error at #: properties must be an object"
    kept = {name: _kept(schema) for name, schema in properties.items()}
    return unconvertible(parameters | {"properties": kept})


def _kept(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in schema.items() if name in _KEPT}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _kept(one) for name, one in kept["properties"].items()}
    if isinstance(kept.get("anyOf"), list):
        kept["anyOf"] = [_kept(one) for one in kept["anyOf"]]
    return kept


def _errors(schema: Any, root: Any, place: str) -> Iterator[str]:
    error = f"JSON schema error at {place}"
    if not isinstance(schema, dict):
        yield f"{error}: schema must be an object"
        return
    if "$ref" in schema:
        if (why := _unresolved(schema["$ref"], root)) is not None:
            yield f"{error}: cannot resolve $ref {schema['$ref']}, {why}"
        return
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _TYPES:
            yield f"{error}: unrecognized type {kind}"
    for name, inner in schema.get("properties", {}).items():
        yield from _errors(inner, root, f"{place}/properties/{name}")
    if "items" in schema:
        yield from _errors(schema["items"], root, f"{place}/items")
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, inner in enumerate(schema.get(word, [])):
            yield from _errors(inner, root, f"{place}/{word}/{index}")


def _unresolved(reference: str, root: Any) -> str | None:
    """Say what of `#/$defs/NAME` is not there; a URL, or `#` alone, is never resolved."""
    value = root
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(value, dict) or part not in value:
            return f"{part} not found"
        value = value[part]
    return None
