r"""JSON as small models write it.

Strict JSON first. Then what loses nothing: raw line breaks in strings, a bad escape (`def\s+main`,
where the backslash is meant), and last the library for the rest: single quotes, trailing commas,
unquoted keys, Python's words, comments, a missing last bracket. What was repaired is taken only
where it fits a tool's schema, and never where a string is left open: that may be half of one.
"""

import json
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.brackets import Brackets, end_of_value

# Larger values that are not JSON are not worth the time that repairing would take.
_MOST_REPAIRED = 2_000_000
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_STRICT = json.JSONDecoder(strict=False)


def value_at(text: str, at: int) -> tuple[Any, int] | None:
    """Read the object or array at `at`; give it and where it ends, or None where there is none."""
    try:
        return _STRICT.raw_decode(text, at)
    except (ValueError, RecursionError):
        pass
    brackets = Brackets()
    end = brackets.feed(text, at)
    if end is None and (brackets.quote or not brackets.depth):
        return None
    end = len(text) if end is None else end
    value = repaired(text[at:end])
    return None if value is None else (value, end)


def repaired(text: str) -> dict[str, Any] | list[Any] | None:
    """Read what is nearly JSON; None where it is not."""
    if len(text) > _MOST_REPAIRED:
        return None
    try:
        value = _STRICT.decode(_BAD_ESCAPE.sub(_escape, text))
    except (ValueError, RecursionError):
        value = _by_library(text)
    return value if isinstance(value, dict | list) and value else None


def argument_object(value: Any) -> dict[str, Any] | None:
    """Give arguments as an object; they may come as JSON in a string. None where they are none."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return {}
        found = value_at(text, 0) if text.startswith("{") else None
        value = found[0] if found is not None and not text[found[1] :].strip() else None
    return value if isinstance(value, dict) else None


def whole(text: str) -> bool:
    """Whether a text is exactly one bracketed value."""
    return text[:1] in {"{", "["} and end_of_value(text, 0) == len(text)


def _escape(found: re.Match[str]) -> str:
    return found[0] if found[1] else "\\\\"


def _by_library(text: str) -> Any:
    from json_repair import repair_json  # noqa: PLC0415  # 40 ms that most answers need not spend

    try:
        return repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError):
        return None
