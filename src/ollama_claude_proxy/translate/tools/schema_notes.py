"""Words for what a JSON Schema says and Ollama's structs lose.

Ollama reads a tool's schema into Go structs and renders from these (seen on 0.32.15): a property
keeps its type, description, enum, items, properties, required and anyOf, and everything else is
gone before the model sees it. The description is the one place where it can still be said, so what
is lost is said there, in one order whatever the client's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.json import Encoder

_encode = Encoder(order="deterministic").encode

# A JSON integer as JavaScript has it. Schema libraries write these bounds for every integer.
_SAFE_INTEGER = 2**53 - 1

# What says something about the schema and nothing about the values: never told.
_SILENT = frozenset({"$schema", "$id", "id", "$comment", "$defs", "definitions"})


def text_of(value: Any) -> str:
    """Give JSON in canonical form, strings without their quotes (save the empty one)."""
    return value if isinstance(value, str) and value else _encode(value).decode()


def described(description: Any, notes: Sequence[str]) -> str:
    """Give a description with the notes behind it, empty when there is nothing to say."""
    text = "" if description is None or description == "" else text_of(description)
    if not notes:
        return text
    told = "; ".join(notes)
    return f"{text} ({told})" if text else told


def notes_of(lost: Mapping[str, Any]) -> list[str]:
    """Give one note for each keyword of `lost` that says something about the values."""
    known = [name for name in _PHRASES if name in lost]
    others = sorted(name for name in lost if name not in _PHRASES and name not in _SILENT)
    phrases = [_PHRASES[name](lost[name]) for name in known]
    phrases += [f"{name}: {text_of(lost[name])}" for name in others]
    return [phrase for phrase in phrases if phrase]


_Phrase = Callable[[Any], str]


_MANY = {"character": "characters", "item": "items", "property": "properties"}


def _named(name: str) -> _Phrase:
    return lambda value: f"{name}: {text_of(value)}"


def _measured(name: str, before: str, thing: str = "", noise: int | None = None) -> _Phrase:
    """Say `at most 5 items`; another form when the value is no number, nothing when it is noise."""
    one, many = (f" {word}" if word else "" for word in (thing, _MANY.get(thing)))

    def phrase(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{name}: {text_of(value)}"
        if value == noise:
            return ""
        return f"{before} {text_of(value)}{one if value == 1 else many}"

    return phrase


def _flag(name: str, when_true: str, when_false: str = "") -> _Phrase:
    def phrase(value: Any) -> str:
        if isinstance(value, bool):
            return when_true if value else when_false
        return f"{name}: {text_of(value)}"

    return phrase


# Their order is the order of the notes.
_PHRASES: Mapping[str, _Phrase] = {
    "$ref": _named("$ref"),
    "type": _named("type"),
    "enum": _named("enum"),
    "default": _named("default"),
    "minimum": _measured("minimum", "at least", noise=-_SAFE_INTEGER),
    "exclusiveMinimum": _measured("exclusiveMinimum", "more than"),
    "maximum": _measured("maximum", "at most", noise=_SAFE_INTEGER),
    "exclusiveMaximum": _measured("exclusiveMaximum", "less than"),
    "multipleOf": _measured("multipleOf", "a multiple of"),
    "minLength": _measured("minLength", "at least", "character"),
    "maxLength": _measured("maxLength", "at most", "character"),
    "pattern": _named("pattern"),
    "format": _named("format"),
    "minItems": _measured("minItems", "at least", "item"),
    "maxItems": _measured("maxItems", "at most", "item"),
    "uniqueItems": _flag("uniqueItems", "no item twice"),
    "minProperties": _measured("minProperties", "at least", "property"),
    "maxProperties": _measured("maxProperties", "at most", "property"),
    "additionalProperties": _flag("additionalProperties", "", "no other properties"),
    "nullable": _flag("nullable", "may be null"),
    "deprecated": _flag("deprecated", "deprecated"),
    "examples": _named("examples"),
    "title": _named("title"),
}
