"""A client's tools in the form that survives Ollama.

`function_tool` gives what `/api/chat` takes; the schema is rewritten by `schema_rewrite` so that
nothing in it is refused and what Ollama would lose stands in a description. `deferred_text` gives
a tool as the line of text that a model reads where a `tool_reference` stands.

Clients send the same tools with every request, 30 kB of them: the rewritten form is remembered by
the bytes of the schema (writing these takes a tenth of the time that rewriting does).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec.json import Encoder, decode

from ollama_claude_proxy.translate.tools.schema_merge import Schema
from ollama_claude_proxy.translate.tools.schema_notes import text_of
from ollama_claude_proxy.translate.tools.schema_rewrite import Rewriter

# Schemas that are remembered, and the bytes above which one is not.
_MOST_REMEMBERED = 256
_MOST_REMEMBERED_BYTES = 64 * 1024
# Levels whose keys are sorted; two for each schema in a schema.
_DEEPEST_SORTED = 80

_encode = Encoder().encode


def function_tool(
    name: str, description: str, input_schema: Mapping[str, Any], *, stable: bool = False
) -> dict[str, Any]:
    """Give a tool as `/api/chat` takes it.

    Equal arguments give equal bytes; properties stay in the client's order. The parameters may be
    shared with other results: they are to be read, not changed. `stable` is for qwen3-coder's
    renderer, which writes the structure of a property in random order: all but one part of it goes
    into the description.
    """
    parameters, said = _parameters(input_schema, stable=stable)
    if said:
        description = f"{description}\nInput: {said}" if description else f"Input: {said}"
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


def deferred_text(name: str, description: str, input_schema: Mapping[str, Any]) -> str:
    """Give a tool with its whole original schema as a line of JSON, keywords in one order."""
    tool = {
        "description": description,
        "name": name,
        "parameters": _canonical(dict(input_schema)),
    }
    return _encode(tool).decode()


def _parameters(schema: Mapping[str, Any], *, stable: bool) -> tuple[Schema, str]:
    raw = _encode(dict(schema))
    if len(raw) > _MOST_REMEMBERED_BYTES:
        return _rewrite(raw, stable=stable)
    return _remembered(raw, stable=stable)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _remembered(raw: bytes, *, stable: bool) -> tuple[Schema, str]:
    return _rewrite(raw, stable=stable)


def _rewrite(raw: bytes, *, stable: bool) -> tuple[Schema, str]:
    """Give the parameters, and what a description must say of them.

    The struct of `parameters` keeps less than that of a property: no description, enum or anyOf.
    """
    schema = {"type": "object", **decode(raw)}
    whole = Rewriter(schema, stable=stable).property(schema)
    parameters: Schema = {"type": "object", "properties": dict(whole.get("properties", {}))}
    if required := whole.get("required"):
        parameters["required"] = required
    said = [whole["description"]] if "description" in whole else []
    if "object" not in _list(whole.get("type", "object")):
        said.append(f"type: {text_of(whole['type'])}")
    said += [f"{key}: {text_of(whole[key])}" for key in ("enum", "items", "anyOf") if key in whole]
    _add_alternatives(parameters, whole.get("anyOf", []))
    return parameters, "; ".join(said)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _add_alternatives(parameters: Schema, alternatives: list[Schema]) -> None:
    """Show the properties of every alternative: the struct has no place for the choice itself."""
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
    """Sort the keys, save the names of properties, whose order says much."""
    if depth > _DEEPEST_SORTED:
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
