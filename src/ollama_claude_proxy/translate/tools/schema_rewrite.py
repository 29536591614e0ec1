"""A tool's JSON Schema rewritten so that it survives Ollama's Go structs and llama.cpp's grammar.

What is known of them (Ollama 0.32.15, both ways in which it runs a model):

- A property keeps `type` (a string or a list), `description`, `enum`, `items`, `properties`,
  `required` and `anyOf`; properties and alternatives are read by the same struct. The rest is lost.
- `items` is kept whole, as a subtree that nothing reads until llama.cpp makes a grammar of it.
- The whole request is refused (400) for a schema that is `true`, a `type` that is no string or
  list of strings, a `required` that is no list, an `enum` that is no list, a description that is no
  string; by llama.cpp also for `true`, an unknown type, an empty enum, anyOf or type list, a broken
  pattern or a `$ref` that it cannot resolve anywhere in a subtree.

So references are replaced by what they refer to, and `allOf` is merged. What a struct would lose
and what would be refused is described in the description instead.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.json import Encoder, decode

from ollama_claude_proxy.translate.tools.schema_flatten import ANY_VALUE, SchemaFlattener
from ollama_claude_proxy.translate.tools.schema_items_keywords import (
    ITEMS_KEYWORDS,
    has_no_reference,
)
from ollama_claude_proxy.translate.tools.schema_merge import Schema
from ollama_claude_proxy.translate.tools.schema_notes import add_notes, describe_keywords

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
# The keywords of a property's Go struct, in the order in which they are written.
_STRUCT_KEYWORDS = ("type", "description", "enum", "items", "properties", "required", "anyOf")
# Keywords that qwen3-coder's renderer writes in random order, the most informative first.
_SHUFFLED_KEYWORDS = ("properties", "items", "anyOf", "enum", "required")
# Keywords whose value is a schema, or a list or object of schemas: references inside are replaced.
_SCHEMA_KEYWORDS = frozenset(
    {
        *("additionalItems", "additionalProperties", "contains", "else", "if", "not", "then"),
        *("propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_SCHEMA_LIST_KEYWORDS = frozenset({"oneOf", "prefixItems"})
_NAMED_SCHEMAS_KEYWORDS = frozenset({"dependentSchemas", "patternProperties"})

_encode = Encoder(order="deterministic").encode

_RewriteSchema = Callable[[Any], Schema]
_KeywordChecks = Mapping[str, Callable[[Any], bool]]


class SchemaRewriter:
    """Rewrites the schemas of one tool, whose references point into `root`.

    With `stable` no property below the root has two of the keywords that qwen3-coder's renderer
    writes in random order: the prompt would change from call to call, and miss the cache.
    """

    def __init__(self, root: Mapping[str, Any], *, stable: bool = False) -> None:
        self._flattener = SchemaFlattener(root)
        self._stable = stable
        self._depth = 0

    def rewrite_property(self, schema: Any) -> Schema:
        """Return the schema without what a property's Go struct loses or refuses."""
        return self._rewrite(schema, self.rewrite_property, {})

    def rewrite_subtree(self, schema: Any) -> Schema:
        """Return the schema as it may stand inside `items`, where well-formed keywords survive."""
        return self._rewrite(schema, self.rewrite_subtree, ITEMS_KEYWORDS)

    def _rewrite(
        self, schema: Any, rewrite_inner: _RewriteSchema, keyword_checks: _KeywordChecks
    ) -> Schema:
        references = self._flattener.open_references
        opened = len(references)
        self._depth += 1
        try:
            flat, notes = self._flattener.flatten(schema, self._depth)
            return self._keep(flat, notes, rewrite_inner, keyword_checks)
        finally:
            self._depth -= 1
            del references[opened:]

    def _keep(
        self,
        schema: Schema,
        notes: list[str],
        rewrite_inner: _RewriteSchema,
        keyword_checks: _KeywordChecks,
    ) -> Schema:
        """Sort the keywords of a flat schema into `kept` ones and `lost` ones, which get a note."""
        kept: Schema = {}
        lost: Schema = {}
        self._keep_other_keywords(schema, kept, lost, keyword_checks)
        _keep_type(schema, kept, lost)
        _keep_enum(schema, kept, lost)
        self._keep_properties(schema, kept, lost, rewrite_inner)
        self._keep_items(schema, kept, lost)
        self._keep_alternatives(schema, kept, lost, rewrite_inner)
        if self._stable and keyword_checks is not ITEMS_KEYWORDS and self._depth > 1:
            _lose_shuffled_keywords(kept, lost)
        text = add_notes(schema.get("description"), [*describe_keywords(lost), *notes])
        if text or not kept:
            kept["description"] = text or ANY_VALUE
        return _in_order(kept)

    def _keep_other_keywords(
        self, schema: Schema, kept: Schema, lost: Schema, keyword_checks: _KeywordChecks
    ) -> None:
        """Keep the keywords outside the struct that pass their check."""
        for name, value in schema.items():
            if name not in _STRUCT_KEYWORDS:
                rewritten = self._rewrite_value(name, value)
                fits = name in keyword_checks and keyword_checks[name](rewritten)
                (kept if fits else lost)[name] = rewritten

    def _rewrite_value(self, name: str, value: Any) -> Any:
        """Return the value of a keyword with the references in it replaced."""
        if name == "additionalProperties" and value == {}:
            return True
        if name in _SCHEMA_KEYWORDS:
            return value if isinstance(value, bool) else self.rewrite_subtree(value)
        if name in _SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            return [self.rewrite_subtree(schema) for schema in value]
        if name in _NAMED_SCHEMAS_KEYWORDS and isinstance(value, dict):
            return {key: self.rewrite_subtree(schema) for key, schema in value.items()}
        return decode(_encode(value)) if isinstance(value, dict | list) else value

    def _keep_properties(
        self, schema: Schema, kept: Schema, lost: Schema, rewrite_inner: _RewriteSchema
    ) -> None:
        """Keep `properties` and `required`."""
        required, invalid = _split_required(schema.get("required"))
        if invalid is not None:
            lost["required"] = invalid
        properties = schema.get("properties")
        if isinstance(properties, dict):
            # Draft 3 and some servers write `required: true` in the property itself.
            required += [
                name
                for name, inner in properties.items()
                if isinstance(inner, dict) and inner.get("required") is True
            ]
            kept["properties"] = {
                name: rewrite_inner(_without_own_required(inner))
                for name, inner in properties.items()
            }
        elif properties is not None:
            lost["properties"] = properties
        if required:
            kept["required"] = list(dict.fromkeys(required))

    def _keep_items(self, schema: Schema, kept: Schema, lost: Schema) -> None:
        if "items" not in schema:
            return
        items = schema["items"]
        if isinstance(items, list):
            lost["items"] = [self.rewrite_subtree(item) for item in items]
        else:
            kept["items"] = self.rewrite_subtree(items)

    def _keep_alternatives(
        self, schema: Schema, kept: Schema, lost: Schema, rewrite_inner: _RewriteSchema
    ) -> None:
        """Keep `anyOf`; without one, keep `oneOf` as `anyOf`."""
        name = "anyOf" if "anyOf" in schema else "oneOf"
        if name not in schema or name in kept:
            return
        alternatives = schema[name]
        if isinstance(alternatives, list) and alternatives:
            kept["anyOf"] = [rewrite_inner(alternative) for alternative in alternatives]
            lost.pop(name, None)
        else:
            lost[name] = alternatives


def _keep_type(schema: Schema, kept: Schema, lost: Schema) -> None:
    if "type" not in schema:
        return
    value = schema["type"]
    kinds = value if isinstance(value, list) else [value]
    known = [kind.lower() for kind in kinds if isinstance(kind, str) and kind.lower() in _TYPES]
    if known:
        kept["type"] = known if isinstance(value, list) else known[0]
    if len(known) < len(kinds) or not kinds:
        lost["type"] = value


def _keep_enum(schema: Schema, kept: Schema, lost: Schema) -> None:
    """Keep `enum`; `const` becomes one, unless it was kept itself (inside `items`)."""
    values = schema.get("enum")
    if "const" in schema and "const" not in kept:
        if "enum" in schema and values != [schema["const"]]:
            lost["enum"] = values
        values = [schema["const"]]
        lost.pop("const", None)
    elif "enum" not in schema:
        return
    elif isinstance(values, str | bool | int | float):
        values = [values]
    if isinstance(values, list) and values and has_no_reference(values):
        kept["enum"] = decode(_encode(values))
    else:
        lost["enum"] = values


def _split_required(required: Any) -> tuple[list[str], Any]:
    """Return the names in a `required` list, and the rest of its value that is invalid, or None."""
    if not isinstance(required, list):
        return [], required
    invalid = [name for name in required if not isinstance(name, str)]
    return [name for name in required if isinstance(name, str)], invalid or None


def _without_own_required(schema: Any) -> Any:
    """Return a property without a boolean `required`, which is about the property itself."""
    if isinstance(schema, dict) and isinstance(schema.get("required"), bool):
        return {name: value for name, value in schema.items() if name != "required"}
    return schema


def _lose_shuffled_keywords(kept: Schema, lost: Schema) -> None:
    """Leave only the first keyword of those that would be written in random order."""
    for name in [name for name in _SHUFFLED_KEYWORDS if name in kept][1:]:
        lost[name] = kept.pop(name)


def _in_order(kept: Schema) -> Schema:
    names = [name for name in _STRUCT_KEYWORDS if name in kept]
    names += sorted(name for name in kept if name not in _STRUCT_KEYWORDS)
    return {name: kept[name] for name in names}
