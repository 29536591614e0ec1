"""Which keywords may stay inside `items` of a tool's schema, from which llama.cpp makes a grammar.

On the native path Ollama refuses the whole request for a keyword with a malformed value (seen on
Ollama 0.32.15 with llama.cpp b10488). Keywords that fail the check here are described in words
instead.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.json import encode

# llama.cpp accepts this many repetitions of a grammar rule (tested); more was not tested.
_MAX_REPETITIONS = 100_000


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_REPETITIONS


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return isinstance(value, str)


def _is_bool_or_schema(value: Any) -> bool:
    return isinstance(value, bool | dict)


def _is_nonempty_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def has_no_reference(value: Any) -> bool:
    """Whether a value is free of `$ref`, which llama.cpp looks for even inside literals."""
    return b'"$ref"' not in encode(value)


# The check that the value of each keyword must pass.
ITEMS_KEYWORDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number
    ),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _is_count,
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_bool),
    **dict.fromkeys(("title", "format", "contentEncoding", "contentMediaType"), _is_string),
    **dict.fromkeys(("const", "default", "examples"), has_no_reference),
    **dict.fromkeys(("oneOf", "prefixItems"), _is_nonempty_list),
    "pattern": _is_pattern,
    "additionalProperties": _is_bool_or_schema,
}
