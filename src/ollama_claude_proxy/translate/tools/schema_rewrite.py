"""A JSON Schema rewritten so that it survives Ollama's Go structs and llama.cpp's grammar.

What is known of them (Ollama 0.32.15, both ways in which it runs a model):

- A property keeps `type` (a string or a list), `description`, `enum`, `items`, `properties`,
  `required` and `anyOf`; properties and alternatives are read by the same struct. All else is lost.
- `items` is kept whole, as a subtree that nothing reads until llama.cpp makes a grammar of it.
- The whole request is refused (400) for a schema that is `true`, a `type` that is no string or
  list of strings, a `required` that is no list, an `enum` that is no list, a description that is no
  string; by llama.cpp also for `true`, an unknown type, an empty enum, anyOf or type list, a broken
  pattern or a `$ref` that it cannot resolve anywhere in a subtree.

So references are replaced by what they refer to, `allOf` is merged, what a struct loses is told in
the description, and what cannot be read is told there too, never passed on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.json import Encoder, decode

from ollama_claude_proxy.translate.tools.schema_grammar import WELL_FORMED, is_literal
from ollama_claude_proxy.translate.tools.schema_merge import Schema, merge
from ollama_claude_proxy.translate.tools.schema_notes import described, notes_of, text_of

# A reference that is inside itself this many times already is only named.
_RECURSION_DEPTH = 2
# Levels of schemas inside schemas; what lies deeper is told as JSON. Real tools have five.
_DEEPEST = 40
# Schemas looked at before references are only named: a few lines of `$defs` can ask for billions.
_MOST_SCHEMAS = 2000

_ANYTHING = "any value"
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_ORDER = ("type", "description", "enum", "items", "properties", "required", "anyOf")
_KEPT = frozenset(_ORDER)
# What a Go map of qwen3-coder's renderer holds, the most telling first.
_SHUFFLED = ("properties", "items", "anyOf", "enum", "required")
# Keywords whose value is a schema, or a list or object of schemas: references inside are replaced.
_HOLDS_SCHEMA = frozenset(
    {
        *("additionalItems", "additionalProperties", "contains", "else", "if", "not", "then"),
        *("propertyNames", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_HOLDS_SCHEMAS = frozenset({"oneOf", "prefixItems"})
_HOLDS_NAMED_SCHEMAS = frozenset({"dependentSchemas", "patternProperties"})

_encode = Encoder(order="deterministic").encode


class Rewriter:
    """Rewrites the schemas of one tool; `root` is what its references point into.

    With `stable` no property below the root has two of the keywords that qwen3-coder's renderer
    writes in random order: the prompt, and with it the cache, would change from call to call.
    """

    def __init__(self, root: Mapping[str, Any], *, stable: bool = False) -> None:
        self._root = root
        self._stable = stable
        self._open: list[str] = []
        self._depth = 0
        self._seen = 0

    def property(self, schema: Any) -> Schema:
        """Give `schema` with nothing in it that a property's Go struct loses or refuses."""
        return self._rewrite(schema, self.property, {})

    def subtree(self, schema: Any) -> Schema:
        """Give `schema` as it may stand inside `items`, where well-formed keywords survive."""
        return self._rewrite(schema, self.subtree, WELL_FORMED)

    def _rewrite(
        self,
        schema: Any,
        child: Callable[[Any], Schema],
        well_formed: Mapping[str, Callable[[Any], bool]],
    ) -> Schema:
        opened = len(self._open)
        self._depth += 1
        try:
            flat, notes = self._flatten(schema, self._depth)
            return self._keep(flat, notes, child, well_formed)
        finally:
            self._depth -= 1
            del self._open[opened:]

    # What a schema says, without `$ref` and `allOf`

    def _flatten(self, schema: Any, depth: int) -> tuple[Schema, list[str]]:
        """Give one schema without `$ref` and `allOf`, and notes on what could not be brought in."""
        self._seen += 1
        if depth > _DEEPEST:
            return {}, [f"nested too deeply to be shown in full: {text_of(schema)}"]
        if not isinstance(schema, dict):
            return {}, [_words_for_no_schema(schema)]
        if "$ref" not in schema and "allOf" not in schema:
            return schema, []
        flat = {name: value for name, value in schema.items() if name not in {"$ref", "allOf"}}
        notes: list[str] = []
        if "$ref" in schema:
            flat = self._with_reference(flat, schema["$ref"], depth, notes)
        if "allOf" in schema:
            flat = self._with_all(flat, schema["allOf"], depth, notes)
        return flat, notes

    def _with_all(self, flat: Schema, parts: Any, depth: int, notes: list[str]) -> Schema:
        if not isinstance(parts, list):
            notes.append(f"allOf: {text_of(parts)}")
            return flat
        for part in parts:
            if part is not True and part != {}:
                flat = self._with_part(flat, part, depth, notes)
        return flat

    def _with_part(self, flat: Schema, part: Any, depth: int, notes: list[str]) -> Schema:
        schema, told = self._flatten(part, depth + 1)
        notes += told
        merged, conflicts = merge(flat, schema)
        notes += [f"also {note}" for note in notes_of(conflicts)]
        return merged

    def _with_reference(self, flat: Schema, name: Any, depth: int, notes: list[str]) -> Schema:
        if not isinstance(name, str) or (target := self._target(name)) is None:
            notes.append(f"$ref: {text_of(name)}")
            return flat
        if self._open.count(name) >= _RECURSION_DEPTH or self._seen > _MOST_SCHEMAS:
            notes.append(f"again of the form {name}")
            return flat
        self._open.append(name)
        return self._with_part(flat, target, depth, notes)

    def _target(self, reference: str) -> Any:
        """Follow a JSON pointer; None where it points nowhere, or to another document."""
        path, *steps = reference.split("/")
        if path != "#":
            return None
        found: Any = self._root
        for step in steps:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isascii() and key.isdigit():
                found = found[int(key)] if int(key) < len(found) else None
            else:
                return None
        return found

    # What is kept of it

    def _keep(
        self,
        schema: Schema,
        notes: list[str],
        child: Callable[[Any], Schema],
        well_formed: Mapping[str, Callable[[Any], bool]],
    ) -> Schema:
        kept: Schema = {}
        lost: Schema = {}
        for name, value in schema.items():
            if name not in _KEPT:
                rewritten = self._inner(name, value)
                fits = name in well_formed and well_formed[name](rewritten)
                (kept if fits else lost)[name] = rewritten
        _keep_type(schema, kept, lost)
        _keep_values(schema, kept, lost)
        self._keep_members(schema, kept, lost, child)
        self._keep_items(schema, kept, lost)
        self._keep_alternatives(schema, kept, lost, child)
        if self._stable and well_formed is not WELL_FORMED and self._depth > 1:
            for name in [name for name in _SHUFFLED if name in kept][1:]:
                lost[name] = kept.pop(name)
        text = described(schema.get("description"), [*notes_of(lost), *notes])
        if text or not kept:
            kept["description"] = text or _ANYTHING
        return _in_order(kept)

    def _inner(self, name: str, value: Any) -> Any:
        """Give the value of a keyword with the references in it replaced."""
        if name == "additionalProperties" and value == {}:
            return True
        if name in _HOLDS_SCHEMA:
            return value if isinstance(value, bool) else self.subtree(value)
        if name in _HOLDS_SCHEMAS and isinstance(value, list):
            return [self.subtree(schema) for schema in value]
        if name in _HOLDS_NAMED_SCHEMAS and isinstance(value, dict):
            return {key: self.subtree(schema) for key, schema in value.items()}
        return decode(_encode(value)) if isinstance(value, dict | list) else value

    def _keep_members(
        self, schema: Schema, kept: Schema, lost: Schema, child: Callable[[Any], Schema]
    ) -> None:
        required, others = _names(schema.get("required"))
        if others is not None:
            lost["required"] = others
        members = schema.get("properties")
        if isinstance(members, dict):
            # Draft 3 and some servers say `required: true` in the property itself.
            required += [
                name
                for name, member in members.items()
                if isinstance(member, dict) and member.get("required") is True
            ]
            kept["properties"] = {name: child(_optional(part)) for name, part in members.items()}
        elif members is not None:
            lost["properties"] = members
        if required:
            kept["required"] = list(dict.fromkeys(required))

    def _keep_items(self, schema: Schema, kept: Schema, lost: Schema) -> None:
        if "items" not in schema:
            return
        items = schema["items"]
        if isinstance(items, list):
            lost["items"] = [self.subtree(part) for part in items]
        else:
            kept["items"] = self.subtree(items)

    def _keep_alternatives(
        self, schema: Schema, kept: Schema, lost: Schema, child: Callable[[Any], Schema]
    ) -> None:
        """Keep `anyOf`, and `oneOf` as `anyOf` where there is no other."""
        name = "anyOf" if "anyOf" in schema else "oneOf"
        if name not in schema or name in kept:
            return
        alternatives = schema[name]
        if isinstance(alternatives, list) and alternatives:
            kept["anyOf"] = [child(alternative) for alternative in alternatives]
            lost.pop(name, None)
        else:
            lost[name] = alternatives


def _words_for_no_schema(schema: Any) -> str:
    if schema is True:
        return _ANYTHING
    if schema is False:
        return "no value is allowed"
    return f"{_ANYTHING}; schema: {text_of(schema)}"


def _keep_type(schema: Schema, kept: Schema, lost: Schema) -> None:
    if "type" not in schema:
        return
    kind = schema["type"]
    kinds = kind if isinstance(kind, list) else [kind]
    lowered = [part.lower() if isinstance(part, str) else part for part in kinds]
    known = [part for part in lowered if isinstance(part, str) and part in _TYPES]
    if known:
        kept["type"] = known if isinstance(kind, list) else known[0]
    if len(known) < len(kinds) or not kinds:
        lost["type"] = kind


def _keep_values(schema: Schema, kept: Schema, lost: Schema) -> None:
    """Keep `enum`; `const` becomes one, unless it stays what it is inside `items`."""
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
    if isinstance(values, list) and values and is_literal(values):
        kept["enum"] = decode(_encode(values))
    else:
        lost["enum"] = values


def _names(required: Any) -> tuple[list[str], Any]:
    """Give the names of a `required` list, and what of it is none (or None)."""
    if not isinstance(required, list):
        return [], required
    others = [name for name in required if not isinstance(name, str)]
    return [name for name in required if isinstance(name, str)], others or None


def _optional(schema: Any) -> Any:
    """Give a property without a `required` that speaks of itself."""
    if isinstance(schema, dict) and isinstance(schema.get("required"), bool):
        return {name: value for name, value in schema.items() if name != "required"}
    return schema


def _in_order(kept: Schema) -> Schema:
    names = [name for name in _ORDER if name in kept]
    names += sorted(name for name in kept if name not in _ORDER)
    return {name: kept[name] for name in names}
