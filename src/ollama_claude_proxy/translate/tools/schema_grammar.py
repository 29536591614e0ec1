"""Which keywords may stay inside `items`, where llama.cpp makes a grammar of the schema.

The native way of running a model refuses the whole request for a keyword of the wrong form (seen on
Ollama 0.32.15 with llama.cpp b10488). Whatever is not of the form here is told in the description
instead.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.json import encode

# llama.cpp repeats a grammar rule this often without trouble (tried); more was not tried.
_MOST_REPEATED = 100_000


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_REPEATED


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return isinstance(value, str)


def _is_open_or_closed(value: Any) -> bool:
    return isinstance(value, bool | dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def is_literal(value: Any) -> bool:
    """Say whether llama.cpp, which looks for references everywhere, finds none in a value."""
    return b'"$ref"' not in encode(value)


WELL_FORMED: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number
    ),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _is_count,
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_bool),
    **dict.fromkeys(("title", "format", "contentEncoding", "contentMediaType"), _is_text),
    **dict.fromkeys(("const", "default", "examples"), is_literal),
    **dict.fromkeys(("oneOf", "prefixItems"), _is_list),
    "pattern": _is_pattern,
    "additionalProperties": _is_open_or_closed,
}
