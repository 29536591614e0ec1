"""A client's tools in the form that survives Ollama.

`function_tool` returns what `/api/chat` takes; the schema is rewritten by `schema_rewrite` so that
nothing in it is refused and what Ollama would lose is in a description. `deferred_text` returns a
tool as the line of text that a model reads where a `tool_reference` stands.

Clients send the same tools with every request, 30 kB of them: the rewritten form is remembered by
the bytes of the schema (writing these takes a tenth of the time that rewriting does).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec.json import Encoder, decode

from ollama_claude_proxy.translate.tools.schema_merge import Schema
from ollama_claude_proxy.translate.tools.schema_notes import canonical_text
from ollama_claude_proxy.translate.tools.schema_rewrite import SchemaRewriter
from ollama_claude_proxy.wire.chat import FunctionDefinition, ToolDefinition

# Schemas that are cached, and the bytes above which one is not.
_MAX_CACHED = 256
_MAX_CACHED_BYTES = 64 * 1024
# Levels whose keys are sorted; two for each schema in a schema.
_MAX_SORTED_DEPTH = 80

_encode = Encoder().encode


def function_tool(
    name: str, description: str, input_schema: Mapping[str, Any], *, stable: bool = False
) -> ToolDefinition:
    """Return a tool as templates of models take it, rewritten so that Ollama's structs keep it.

    Equal arguments give equal bytes; properties stay in the client's order. The parameters may be
    shared with other results: they must not be changed. `stable` is for qwen3-coder's
    renderer, which writes the structure of a property in random order: all but one part of it goes
    into the description.
    """
    parameters, notes = _parameters(input_schema, stable=stable)
    if notes:
        description = f"{description}\nInput: {notes}" if description else f"Input: {notes}"
    return ToolDefinition("function", FunctionDefinition(name, description, parameters))


def deferred_text(name: str, description: str, input_schema: Mapping[str, Any]) -> str:
    """Return a tool with its whole original schema as a line of JSON, keywords in one order."""
    tool = {
        "description": description,
        "name": name,
        "parameters": _canonical(dict(input_schema)),
    }
    return _encode(tool).decode()


def _parameters(schema: Mapping[str, Any], *, stable: bool) -> tuple[Schema, str]:
    raw = _encode(dict(schema))
    if len(raw) > _MAX_CACHED_BYTES:
        return _rewritten_parameters(raw, stable=stable)
    return _cached_parameters(raw, stable=stable)


@lru_cache(maxsize=_MAX_CACHED)
def _cached_parameters(raw: bytes, *, stable: bool) -> tuple[Schema, str]:
    return _rewritten_parameters(raw, stable=stable)


def _rewritten_parameters(raw: bytes, *, stable: bool) -> tuple[Schema, str]:
    """Return the parameters, and what the tool's description must say of them.

    The struct of `parameters` keeps less than that of a property: no description, enum or anyOf.
    """
    schema = {"type": "object", **decode(raw)}
    whole = SchemaRewriter(schema, stable=stable).rewrite_property(schema)
    parameters: Schema = {"type": "object", "properties": dict(whole.get("properties", {}))}
    if required := whole.get("required"):
        parameters["required"] = required
    notes = [whole["description"]] if "description" in whole else []
    if "object" not in _as_list(whole.get("type", "object")):
        notes.append(f"type: {canonical_text(whole['type'])}")
    notes += [
        f"{key}: {canonical_text(whole[key])}" for key in ("enum", "items", "anyOf") if key in whole
    ]
    _merge_alternatives(parameters, whole.get("anyOf", []))
    return parameters, "; ".join(notes)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _merge_alternatives(parameters: Schema, alternatives: list[Schema]) -> None:
    """Add the properties of every alternative: the struct has no place for the choice itself."""
    own = set(parameters["properties"])
    for alternative in alternatives:
        for name, schema in alternative.get("properties", {}).items():
            if name not in own:
                known = parameters["properties"].get(name)
                parameters["properties"][name] = _either(known, schema)


def _either(first: Schema | None, second: Schema) -> Schema:
    if first is None or first == second:
        return second
    known = first["anyOf"] if first.keys() == {"anyOf"} else [first]
    return {"anyOf": known if second in known else [*known, second]}


def _canonical(schema: Any, *, names: bool = False, depth: int = 0) -> Any:
    """Sort the keys, except the names of properties, whose order has a meaning."""
    if depth > _MAX_SORTED_DEPTH:
        return schema
    if isinstance(schema, list):
        return [_canonical(part, depth=depth + 1) for part in schema]
    if not isinstance(schema, dict):
        return schema
    keys = schema if names else sorted(schema)
    return {
        key: _canonical(schema[key], names=not names and key == "properties", depth=depth + 1)
        for key in keys
    }
