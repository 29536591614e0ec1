"""A client's tools survive Ollama: nothing is refused, and nothing is lost without a word."""

import json
from typing import Any

import msgspec
import pytest

from ollama_claude_proxy.translate.tools import schemas
from ollama_claude_proxy.translate.tools.schemas import deferred_text
from support.tool_rules import check_tool


def function_tool(
    name: str, description: str, schema: dict[str, Any], *, stable: bool = False
) -> dict[str, Any]:
    """Return a tool as it goes over the wire."""
    tool = schemas.function_tool(name, description, schema, stable=stable)
    wire: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tool))
    return wire


def parameters(**schema: Any) -> dict[str, Any]:
    tool = function_tool("Tool", "Does it.", schema)
    check_tool(tool)
    rewritten_parameters: dict[str, Any] = tool["function"]["parameters"]
    return rewritten_parameters


def rewritten(schema: Any, **definitions: Any) -> Any:
    """Return one property as it is rewritten."""
    return parameters(type="object", properties={"a": schema}, **definitions)["properties"]["a"]


def description(**schema: Any) -> str:
    text: str = function_tool("Tool", "Does it.", schema)["function"]["description"]
    return text


KEPT = [
    {"type": "string", "description": "A path"},
    {"type": ["string", "null"], "description": "A path or nothing"},
    {"type": "string", "enum": ["a", "b"]},
    {"enum": [1, None, "x", {"a": 1}]},
    {"type": "array", "items": {"type": "string", "maxLength": 5, "pattern": "^a$"}},
    {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"b": {"type": "string", "default": "x"}, "a": {"oneOf": [{"const": 1}]}},
            "additionalProperties": False,
        },
    },
]

REWRITTEN = {
    "true is any value": (True, {"description": "any value"}),
    "false is no value": (False, {"description": "no value is allowed"}),
    "an empty schema is any value": ({}, {"description": "any value"}),
    "what is no schema is told": (3, {"description": "any value; schema: 3"}),
    "a constant is a choice of one": ({"const": 5}, {"enum": [5]}),
    "one of is any of": (
        {"oneOf": [{"type": "string"}, True]},
        {"anyOf": [{"type": "string"}, {"description": "any value"}]},
    ),
    "an unknown type is told": ({"type": "any"}, {"description": "type: any"}),
    "a type that is a number is told": ({"type": 3}, {"description": "type: 3"}),
    "an unknown type leaves the list": (
        {"type": ["string", "any"]},
        {"type": ["string"], "description": 'type: ["string","any"]'},
    ),
    "a type in capitals is known": ({"type": "STRING"}, {"type": "string"}),
    "a description that is no text becomes text": (
        {"type": "string", "description": 3},
        {"type": "string", "description": "3"},
    ),
    "one choice without a list becomes a list": ({"enum": "a"}, {"enum": ["a"]}),
    "no choice at all is told": ({"enum": []}, {"description": "enum: []"}),
    "an empty anyOf is told": ({"anyOf": []}, {"description": "anyOf: []"}),
    "limits are told in one order": (
        {"maximum": 600000, "default": 5, "minimum": 1, "type": "integer", "description": "Time"},
        {"type": "integer", "description": "Time (default: 5; at least 1; at most 600000)"},
    ),
    "one is singular": (
        {"type": "string", "minLength": 1, "pattern": "^a", "format": "uri"},
        {"type": "string", "description": "at least 1 character; pattern: ^a; format: uri"},
    ),
    "an empty default is seen": (
        {"type": "string", "default": ""},
        {"type": "string", "description": 'default: ""'},
    ),
    "an old exclusive limit is told": (
        {"type": "number", "exclusiveMinimum": True},
        {"type": "number", "description": "exclusiveMinimum: true"},
    ),
    "bounds that every integer has are not told": (
        {"type": "integer", "minimum": -9007199254740991, "maximum": 9007199254740991},
        {"type": "integer"},
    ),
    "other properties are told": (
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "description": 'additionalProperties: {"type":"string"}'},
    ),
    "an unknown keyword is told": (
        {"x-unit": {"b": 1, "a": 2}},
        {"description": 'x-unit: {"a":2,"b":1}'},
    ),
    "properties that are none are told": (
        {"type": "object", "properties": 3, "required": True},
        {"type": "object", "description": "properties: 3"},
    ),
    "all of is merged": (
        {
            "type": "number",
            "allOf": [
                {"type": ["integer", "string"], "minimum": 1},
                {"minimum": 3, "description": "Count"},
                True,
            ],
        },
        {"type": "integer", "description": "Count (at least 3)"},
    ),
    "what cannot be merged is told": (
        {"allOf": [{"pattern": "^a"}, {"pattern": "b$"}]},
        {"description": "pattern: ^a; also pattern: b$"},
    ),
    "properties of all parts are merged": (
        {
            "allOf": [
                {"properties": {"b": {"type": "string"}}, "required": ["b"]},
                {"properties": {"b": {"maxLength": 3}, "c": {}}, "required": ["b", "c"]},
            ]
        },
        {
            "properties": {
                "b": {"type": "string", "description": "at most 3 characters"},
                "c": {"description": "any value"},
            },
            "required": ["b", "c"],
        },
    ),
    "a tuple is told": (
        {"type": "array", "items": [{"type": "string"}, True]},
        {
            "type": "array",
            "description": 'items: [{"type":"string"},{"description":"any value"}]',
        },
    ),
    "inside items true is any value": (
        {"type": "array", "items": True},
        {"type": "array", "items": {"description": "any value"}},
    ),
    "inside items a malformed keyword is told": (
        {"type": "array", "items": {"type": "string", "maxLength": "5", "pattern": "("}},
        {
            "type": "array",
            "items": {"type": "string", "description": "maxLength: 5; pattern: ("},
        },
    ),
    "a reference to another document is told": (
        {"$ref": "https://example.org/a.json"},
        {"description": "$ref: https://example.org/a.json"},
    ),
    "a reference to nothing is told, in items too": (
        {"type": "array", "items": {"$ref": "#/$defs/Nothing"}},
        {"type": "array", "items": {"description": "$ref: #/$defs/Nothing"}},
    ),
}


@pytest.mark.parametrize("schema", KEPT, ids=json.dumps)
def test_what_ollama_keeps_is_sent_as_it_is(schema: dict[str, Any]) -> None:
    assert rewritten(schema) == schema


@pytest.mark.parametrize(("schema", "expected"), REWRITTEN.values(), ids=REWRITTEN.keys())
def test_what_ollama_loses_or_refuses_is_rewritten(schema: Any, expected: Any) -> None:
    assert rewritten(schema) == expected


@pytest.mark.parametrize("keyword", ["$defs", "definitions"])
def test_references_are_replaced_by_what_they_refer_to(keyword: str) -> None:
    path = {"type": "string", "description": "A path"}
    reference = {"$ref": f"#/{keyword}/a~1b", "description": "Where to.", "default": "."}
    definitions: dict[str, Any] = {keyword: {"a/b": path}}

    assert rewritten(reference, **definitions) == {
        "type": "string",
        "description": "Where to. A path (default: .)",
    }
    assert rewritten({"items": reference}, **definitions) == {
        "items": {"type": "string", "description": "Where to. A path", "default": "."}
    }


def test_a_recursive_form_is_shown_twice_and_then_named() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}

    shown = rewritten({"$ref": "#/$defs/Node"}, **{"$defs": {"Node": node}})

    innermost = {"description": "again of the form #/$defs/Node"}
    twice = {"type": "object", "properties": {"child": innermost}}
    assert shown == {"type": "object", "properties": {"child": twice}}


def test_references_that_multiply_are_cut_short() -> None:
    definitions = {
        f"D{number}": {
            "properties": {side: {"$ref": f"#/$defs/D{number + 1}"} for side in ("left", "right")}
        }
        for number in range(30)
    }

    shown = rewritten({"$ref": "#/$defs/D0"}, **{"$defs": definitions})

    assert len(json.dumps(shown)) < 1_000_000
    assert "again of the form #/$defs/D" in json.dumps(shown)


def test_a_schema_nested_very_deeply_is_told_in_its_description() -> None:
    schema: dict[str, Any] = {"type": "string", "default": "innermost"}
    for _ in range(200):
        schema = {"type": "array", "items": schema}

    assert "innermost" in json.dumps(rewritten(schema))
    assert "innermost" in deferred_text("Tool", "", {"properties": {"a": schema}})


def test_a_property_that_says_it_is_required_is_required() -> None:
    shown = parameters(
        properties={"a": {"type": "string", "required": True}, "b": {"required": False}},
        required=["c", 3],
    )

    assert shown["required"] == ["c", "a"]
    assert shown["properties"]["a"] == {"type": "string"}


TOP_LEVEL = [
    {},
    {"type": "object"},
    {"type": ["object", "null"]},
    {"properties": None},
    {"type": "object", "properties": {}},
]


@pytest.mark.parametrize("schema", TOP_LEVEL, ids=json.dumps)
def test_a_tool_without_properties_has_an_empty_object(schema: dict[str, Any]) -> None:
    assert parameters(**schema) == {"type": "object", "properties": {}}


def test_what_the_whole_input_says_goes_into_the_tools_description() -> None:
    text = description(
        type="object", description="A file.", additionalProperties=False, properties={}
    )

    assert text == "Does it.\nInput: A file. (no other properties)"
    assert description(type="object", properties={}) == "Does it."
    assert description(type="array", items=True).endswith(
        'type: array; items: {"description":"any value"}'
    )


def test_the_properties_of_every_alternative_are_shown_and_the_choice_is_told() -> None:
    schema = {
        "properties": {"id": {"type": "integer"}},
        "oneOf": [
            {"properties": {"kind": {"const": "a"}, "x": {"type": "string"}}, "required": ["x"]},
            {"properties": {"kind": {"const": "b"}, "id": {"type": "string"}}},
        ],
    }

    assert parameters(**schema)["properties"] == {
        "id": {"type": "integer"},
        "kind": {"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]},
        "x": {"type": "string"},
    }
    assert 'anyOf: [{"properties":{"kind":{"enum":["a"]}' in description(**schema)


def test_for_a_renderer_that_shuffles_keywords_a_property_keeps_one_of_them() -> None:
    inner = {"type": "object", "properties": {"b": {"enum": [1]}}, "required": ["b"]}
    schema = {"properties": {"a": inner, "c": {"items": inner, "enum": [[]]}}, "required": ["a"]}

    tool = function_tool("Tool", "Does it.", schema, stable=True)

    check_tool(tool)
    assert tool["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "a": {
                "type": "object",
                "description": 'required: ["b"]',
                "properties": {"b": {"enum": [1]}},
            },
            "c": {"description": "enum: [[]]", "items": inner},
        },
        "required": ["a"],
    }
