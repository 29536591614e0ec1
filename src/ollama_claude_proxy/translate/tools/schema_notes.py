"""Notes in a description about the JSON Schema keywords that Ollama's structs lose.

Ollama reads a tool's schema into Go structs and renders from these (seen on 0.32.15): a property
keeps its type, description, enum, items, properties, required and anyOf, and everything else is
lost before the model sees it. The description survives, so the lost keywords are described there,
in one order whatever the client's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.json import Encoder

_encode = Encoder(order="deterministic").encode

# A JSON integer as JavaScript has it. Schema libraries write these bounds for every integer.
_MAX_SAFE_INTEGER = 2**53 - 1

# Keywords that say something about the schema and nothing about the values get no note.
_SILENT_KEYWORDS = frozenset({"$schema", "$id", "id", "$comment", "$defs", "definitions"})


def canonical_text(value: Any) -> str:
    """Return canonical JSON, and strings without their quotes (except the empty one)."""
    return value if isinstance(value, str) and value else _encode(value).decode()


def add_notes(description: Any, notes: Sequence[str]) -> str:
    """Return a description with the notes after it; empty without both."""
    text = "" if description is None or description == "" else canonical_text(description)
    if not notes:
        return text
    joined = "; ".join(notes)
    return f"{text} ({joined})" if text else joined


def describe_keywords(lost: Mapping[str, Any]) -> list[str]:
    """Return one note for each keyword of `lost` that says something about the values."""
    known = [name for name in _PHRASES if name in lost]
    others = sorted(name for name in lost if name not in _PHRASES and name not in _SILENT_KEYWORDS)
    phrases = [_PHRASES[name](lost[name]) for name in known]
    phrases += [f"{name}: {canonical_text(lost[name])}" for name in others]
    return [phrase for phrase in phrases if phrase]


_PhraseWriter = Callable[[Any], str]

_PLURALS = {"character": "characters", "item": "items", "property": "properties"}


def _with_keyword(name: str) -> _PhraseWriter:
    return lambda value: f"{name}: {canonical_text(value)}"


def _limit(name: str, comparison: str, unit: str = "", ignored: int | None = None) -> _PhraseWriter:
    """Return a writer of `at most 5 items`; `name: value` for no number, empty for `ignored`."""
    singular, plural = (f" {word}" if word else "" for word in (unit, _PLURALS.get(unit)))

    def phrase(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{name}: {canonical_text(value)}"
        if value == ignored:
            return ""
        return f"{comparison} {canonical_text(value)}{singular if value == 1 else plural}"

    return phrase


def _flag(name: str, when_true: str, when_false: str = "") -> _PhraseWriter:
    def phrase(value: Any) -> str:
        if isinstance(value, bool):
            return when_true if value else when_false
        return f"{name}: {canonical_text(value)}"

    return phrase


# The order here is the order of the notes.
_PHRASES: Mapping[str, _PhraseWriter] = {
    "$ref": _with_keyword("$ref"),
    "type": _with_keyword("type"),
    "enum": _with_keyword("enum"),
    "default": _with_keyword("default"),
    "minimum": _limit("minimum", "at least", ignored=-_MAX_SAFE_INTEGER),
    "exclusiveMinimum": _limit("exclusiveMinimum", "more than"),
    "maximum": _limit("maximum", "at most", ignored=_MAX_SAFE_INTEGER),
    "exclusiveMaximum": _limit("exclusiveMaximum", "less than"),
    "multipleOf": _limit("multipleOf", "a multiple of"),
    "minLength": _limit("minLength", "at least", "character"),
    "maxLength": _limit("maxLength", "at most", "character"),
    "pattern": _with_keyword("pattern"),
    "format": _with_keyword("format"),
    "minItems": _limit("minItems", "at least", "item"),
    "maxItems": _limit("maxItems", "at most", "item"),
    "uniqueItems": _flag("uniqueItems", "no item twice"),
    "minProperties": _limit("minProperties", "at least", "property"),
    "maxProperties": _limit("maxProperties", "at most", "property"),
    "additionalProperties": _flag("additionalProperties", "", "no other properties"),
    "nullable": _flag("nullable", "may be null"),
    "deprecated": _flag("deprecated", "deprecated"),
    "examples": _with_keyword("examples"),
    "title": _with_keyword("title"),
}
