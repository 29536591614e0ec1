"""A JSON Schema without `$ref` and `allOf`: references are replaced, `allOf` is merged."""

from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.translate.tools.schema_merge import Schema, merge_schemas
from ollama_claude_proxy.translate.tools.schema_notes import canonical_text, describe_keywords

ANY_VALUE = "any value"

# A reference that is already open this many times around a schema is only named.
_MAX_RECURSION = 2
# Levels of schemas inside schemas; deeper ones are shown as JSON text. Real tools have five.
_MAX_DEPTH = 40
# Schemas flattened before references are only named: a few lines of `$defs` can ask for billions.
_MAX_SCHEMAS = 2000


class SchemaFlattener:
    """Flattens the schemas of one tool; its references point into `root`.

    `open_references` are those that the schema at hand is inside of. A caller that
    descends into a flattened schema must drop the references that it opened when it is done.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.open_references: list[str] = []
        self._root = root
        self._schema_count = 0

    def flatten(self, schema: Any, depth: int) -> tuple[Schema, list[str]]:
        """Return one schema without `$ref` and `allOf`, and notes on what could not be merged.

        The schemas inside it stay as they are.
        """
        self._schema_count += 1
        if depth > _MAX_DEPTH:
            return {}, [f"nested too deeply to be shown in full: {canonical_text(schema)}"]
        if not isinstance(schema, dict):
            return {}, [_describe_non_object(schema)]
        if "$ref" not in schema and "allOf" not in schema:
            return schema, []
        flat = {name: value for name, value in schema.items() if name not in {"$ref", "allOf"}}
        notes: list[str] = []
        if "$ref" in schema:
            flat = self._merge_reference(flat, schema["$ref"], depth, notes)
        if "allOf" in schema:
            flat = self._merge_all_of(flat, schema["allOf"], depth, notes)
        return flat, notes

    def _merge_all_of(self, flat: Schema, parts: Any, depth: int, notes: list[str]) -> Schema:
        if not isinstance(parts, list):
            notes.append(f"allOf: {canonical_text(parts)}")
            return flat
        for part in parts:
            if part is not True and part != {}:
                flat = self._merge_part(flat, part, depth, notes)
        return flat

    def _merge_part(self, flat: Schema, part: Any, depth: int, notes: list[str]) -> Schema:
        schema, part_notes = self.flatten(part, depth + 1)
        notes += part_notes
        merged, conflicts = merge_schemas(flat, schema)
        notes += [f"also {note}" for note in describe_keywords(conflicts)]
        return merged

    def _merge_reference(self, flat: Schema, name: Any, depth: int, notes: list[str]) -> Schema:
        if not isinstance(name, str) or (target := self._resolve(name)) is None:
            notes.append(f"$ref: {canonical_text(name)}")
            return flat
        if self.open_references.count(name) >= _MAX_RECURSION or self._schema_count > _MAX_SCHEMAS:
            notes.append(f"again of the form {name}")
            return flat
        self.open_references.append(name)
        return self._merge_part(flat, target, depth, notes)

    def _resolve(self, reference: str) -> Any:
        """Follow a JSON pointer; None where it points nowhere, or to another document."""
        document, *steps = reference.split("/")
        if document != "#":
            return None
        target: Any = self._root
        for step in steps:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and key in target:
                target = target[key]
            elif isinstance(target, list) and key.isascii() and key.isdigit():
                target = target[int(key)] if int(key) < len(target) else None
            else:
                return None
        return target


def _describe_non_object(schema: Any) -> str:
    """Return words for `true`, `false`, and what is no schema."""
    if schema is True:
        return ANY_VALUE
    if schema is False:
        return "no value is allowed"
    return f"{ANY_VALUE}; schema: {canonical_text(schema)}"
