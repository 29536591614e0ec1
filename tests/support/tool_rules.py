"""The rules for a tool that Ollama can read, as far as they are known: Go's and llama.cpp's.

Taken from requests that Ollama 0.32.15 refused, and from the fields of `api.Tool` that it prints.
"""

from typing import Any

TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
PROPERTY_FIELDS = {"type", "description", "enum", "items", "properties", "required", "anyOf"}
NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
COUNTS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}


def check_tool(tool: dict[str, Any]) -> None:
    """Raise AssertionError where Ollama would answer 400, or lose something silently."""
    assert tool.keys() == {"type", "function"}
    assert tool["type"] == "function"
    function = tool["function"]
    assert function.keys() == {"name", "description", "parameters"}
    assert isinstance(function["description"], str)
    parameters = function["parameters"]
    assert parameters.keys() <= {"type", "properties", "required"}, parameters.keys()
    assert parameters["type"] == "object"
    _check_names(parameters.get("required", []))
    _check_properties(parameters["properties"])


def _check_properties(properties: Any) -> None:
    assert isinstance(properties, dict)
    for schema in properties.values():
        _check_property(schema)


def _check_property(schema: Any) -> None:
    assert isinstance(schema, dict), schema
    assert schema, "an empty schema says nothing"
    assert schema.keys() <= PROPERTY_FIELDS, schema.keys() - PROPERTY_FIELDS
    _check_common(schema)
    _check_properties(schema.get("properties", {}))
    for alternative in schema.get("anyOf", []):
        _check_property(alternative)
    if "items" in schema:
        _check_subtree(schema["items"])


def _check_common(schema: dict[str, Any]) -> None:
    kind = schema.get("type", "string")
    kinds = kind if isinstance(kind, list) else [kind]
    assert kinds
    assert all(isinstance(each, str) and each in TYPES for each in kinds), kind
    assert isinstance(schema.get("description", ""), str)
    assert "enum" not in schema or (isinstance(schema["enum"], list) and schema["enum"])
    assert "anyOf" not in schema or (isinstance(schema["anyOf"], list) and schema["anyOf"])
    _check_names(schema.get("required", []))


def _check_names(required: Any) -> None:
    assert isinstance(required, list)
    assert all(isinstance(name, str) for name in required), required


def _check_subtree(schema: Any) -> None:
    """Assert for llama.cpp: each schema is an object without references and well-formed."""
    assert isinstance(schema, dict), schema
    assert "$ref" not in schema
    assert "allOf" not in schema
    _check_common(schema)
    for name in NUMBERS & schema.keys():
        assert isinstance(schema[name], int | float), name
        assert not isinstance(schema[name], bool), name
    for name in COUNTS & schema.keys():
        assert isinstance(schema[name], int), name
        assert not isinstance(schema[name], bool), name
    assert isinstance(schema.get("pattern", ""), str)
    assert isinstance(schema.get("properties", {}), dict)
    for inner in (
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *schema.get("oneOf", []),
        *schema.get("prefixItems", []),
        *([schema["items"]] if "items" in schema else []),
    ):
        _check_subtree(inner)
    if not isinstance(schema.get("additionalProperties", True), bool):
        _check_subtree(schema["additionalProperties"])
