"""Any tool at all survives Ollama: those of Claude Code, and whatever a schema may hold."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.translate.tools import schemas
from ollama_claude_proxy.translate.tools.schemas import deferred_text
from support.tool_rules import check_tool

REAL_TOOLS = json.loads((Path(__file__).parent / "data" / "tools.json").read_text("utf-8"))


def function_tool(
    name: str, description: str, schema: dict[str, Any], *, stable: bool = False
) -> dict[str, Any]:
    """Return a tool as it goes over the wire."""
    tool = schemas.function_tool(name, description, schema, stable=stable)
    wire: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(tool))
    return wire


def test_properties_stay_in_order_and_keywords_get_one() -> None:
    first = {"properties": {"z": {"type": "string", "maxLength": 2, "default": "q"}, "a": {}}}
    second = {"properties": {"z": {"default": "q", "maxLength": 2, "type": "string"}, "a": {}}}

    assert list(function_tool("Tool", "", first)["function"]["parameters"]["properties"]) == [
        "z",
        "a",
    ]
    assert as_bytes(first) == as_bytes(second)
    assert deferred_text("Tool", "", first) == deferred_text("Tool", "", second)


def test_a_deferred_tool_is_one_line_with_its_original_schema() -> None:
    schema = {"type": "object", "properties": {"b": {"$ref": "#/x"}, "a": True}, "x": {"const": 1}}

    text = deferred_text("Tool", "Does\nit.", schema)

    assert "\n" not in text
    assert json.loads(text) == {"description": "Does\nit.", "name": "Tool", "parameters": schema}
    assert text.startswith('{"description":"Does\\nit.","name":"Tool","parameters":{"properties"')


@pytest.mark.parametrize("tool", REAL_TOOLS, ids=lambda tool: tool["name"])
def test_the_tools_of_claude_code_survive(tool: dict[str, Any]) -> None:
    shown = function_tool(tool["name"], tool["description"], tool["input_schema"])

    check_tool(shown)
    parameters = shown["function"]["parameters"]
    assert list(parameters["properties"]) == list(tool["input_schema"].get("properties", {}))
    assert parameters.get("required", []) == tool["input_schema"].get("required", [])
    assert_nothing_is_lost(tool["input_schema"], shown)


NAMES = st.sampled_from(["a", "b", "path", "$ref", "type", "required"])
WORDS = st.sampled_from(["", "x", "any", "string", "é\u2028", "#", "#/$defs/a", "^a", "("])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.just(1.5) | WORDS
LITERALS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2)
)
SCALAR_KEYWORDS = st.sampled_from(
    [
        "default",
        "const",
        "pattern",
        "format",
        "minimum",
        "maxLength",
        "maxItems",
        "minItems",
        "exclusiveMaximum",
        "multipleOf",
        "examples",
        "title",
        "uniqueItems",
        "nullable",
        "x-new",
    ]
)
TYPE_NAMES = st.sampled_from(["string", "integer", "array", "object", "any", "Null"])


def _sound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas whose known keywords have well-formed values."""
    schemas = st.lists(inner, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    structure = st.fixed_dictionaries(
        {},
        optional={
            "type": TYPE_NAMES | st.lists(TYPE_NAMES, max_size=3),
            "description": WORDS,
            "enum": st.lists(LITERALS, max_size=3),
            "properties": named,
            "required": st.lists(NAMES, max_size=3),
            "items": inner,
            "anyOf": schemas,
            "oneOf": schemas,
            "allOf": schemas,
            "additionalProperties": inner,
            "not": inner,
            "prefixItems": schemas,
            "$ref": st.sampled_from(["#", "#/$defs/a", "#/$defs/none", "http://x", "#/$defs/b/c"]),
            "$defs": named,
        },
    )
    limits = st.dictionaries(SCALAR_KEYWORDS, LITERALS, max_size=3)
    return st.builds(lambda left, right: {**left, **right}, structure, limits)


SOUND: st.SearchStrategy[Any] = st.recursive(st.booleans() | st.just({}), _sound, max_leaves=6)
KEYWORDS = st.sampled_from(
    [
        "type",
        "description",
        "enum",
        "properties",
        "required",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "$defs",
        "additionalProperties",
        "not",
        "const",
        "if",
        "prefixItems",
        "pattern",
    ]
)
UNSOUND = st.recursive(
    LITERALS,
    lambda inner: st.dictionaries(KEYWORDS, inner | st.lists(inner, max_size=2), max_size=4),
    max_leaves=12,
)
TOOL_SCHEMAS = (SOUND | UNSOUND).filter(lambda schema: isinstance(schema, dict))


def as_bytes(schema: dict[str, Any]) -> str:
    return json.dumps(function_tool("Tool", "Does it.", schema))


@settings(max_examples=300, deadline=None)
@given(TOOL_SCHEMAS, st.booleans())
def test_whatever_the_schema_ollama_can_read_it(schema: dict[str, Any], stable: bool) -> None:
    check_tool(function_tool("Tool", "", schema, stable=stable))


@settings(max_examples=150, deadline=None)
@given(TOOL_SCHEMAS)
def test_the_same_schema_gives_the_same_bytes_and_is_left_alone(schema: dict[str, Any]) -> None:
    before = json.dumps(schema)

    assert as_bytes(schema) == as_bytes(json.loads(before))
    assert json.dumps(schema) == before


@settings(max_examples=150, deadline=None)
@given(TOOL_SCHEMAS)
def test_what_was_rewritten_is_not_rewritten_again(schema: dict[str, Any]) -> None:
    once = function_tool("Tool", "Does it.", schema)
    function = once["function"]

    again = function_tool("Tool", function["description"], function["parameters"])

    assert json.dumps(again) == json.dumps(once)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(SCALAR_KEYWORDS, LITERALS, min_size=1))
def test_no_keyword_is_lost_without_a_word(keywords: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"a": keywords}}

    assert_nothing_is_lost(schema, function_tool("Tool", "", schema))


# The words for a flag, and the value for which there are none.
WORDS_OF_FLAGS = {
    "uniqueItems": ("no item twice", False),
    "nullable": ("may be null", False),
    "additionalProperties": ("no other properties", True),
}
# Visible in the shape of the result, or without meaning for values.
WITHOUT_NOTE = {"$schema", "allOf", "properties"}
BOUNDS_OF_EVERY_INTEGER = {9007199254740991, -9007199254740991}


def assert_nothing_is_lost(schema: dict[str, Any], tool: dict[str, Any]) -> None:
    """Assert that the name or the value of every keyword occurs in the tool."""
    shown = compact(tool)
    for name, value in _keywords(schema):
        words, silent_value = WORDS_OF_FLAGS.get(name, (name, None))
        if name in WITHOUT_NOTE or (isinstance(value, bool) and value is silent_value):
            continue
        if isinstance(value, int) and value in BOUNDS_OF_EVERY_INTEGER:
            continue
        text = value if isinstance(value, str) else compact(value)
        forms = {words, name, compact(value), compact(text)[1:-1]}
        assert any(form in shown for form in forms), (name, value)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _keywords(schema: Any) -> list[tuple[str, Any]]:
    keywords: list[tuple[str, Any]] = []
    if not isinstance(schema, dict):
        return keywords
    for name, value in schema.items():
        if name == "properties" and isinstance(value, dict):
            keywords += [pair for inner in value.values() for pair in _keywords(inner)]
        elif name in {"items", "additionalProperties"} and isinstance(value, dict):
            keywords += _keywords(value)
        elif name in {"anyOf", "allOf", "oneOf"} and isinstance(value, list):
            keywords += [pair for inner in value for pair in _keywords(inner)]
        else:
            keywords.append((name, value))
    return keywords
