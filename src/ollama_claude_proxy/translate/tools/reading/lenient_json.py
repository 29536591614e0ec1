r"""JSON as small models write it.

Strict JSON is tried first. Then repairs that lose nothing: raw line breaks in strings, a bad escape
(`def\s+main`, where the backslash is meant), and finally the library for the rest: single quotes,
trailing commas, unquoted keys, Python's words, comments, a missing last bracket. Repaired JSON
becomes a call only where it fits a tool's schema, and a string that is left open is never repaired,
because it may be half of one.
"""

import json
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.bracket_scanner import (
    BracketScanner,
    find_value_end,
)

# Repairing larger values would take too long.
_MAX_REPAIRED_CHARS = 2_000_000
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_DECODER = json.JSONDecoder(strict=False)


def parse_json_value(text: str, at: int) -> tuple[Any, int] | None:
    """Return the object or array at `at` and where it ends, or None where there is none."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        pass
    scanner = BracketScanner()
    end = scanner.feed(text, at)
    if end is None and (scanner.quote or not scanner.depth):
        return None
    end = len(text) if end is None else end
    value = _repair(text[at:end])
    return None if value is None else (value, end)


def parse_arguments(value: Any) -> dict[str, Any] | None:
    """Return arguments as an object, also from JSON in a string; None for any other value."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return {}
        parsed = parse_json_value(text, 0) if text.startswith("{") else None
        value = parsed[0] if parsed is not None and not text[parsed[1] :].strip() else None
    return value if isinstance(value, dict) else None


def is_single_value(text: str) -> bool:
    """Whether a text is exactly one bracketed value."""
    return text[:1] in {"{", "["} and find_value_end(text, 0) == len(text)


def _repair(text: str) -> dict[str, Any] | list[Any] | None:
    """Parse what is nearly JSON; None where that fails."""
    if len(text) > _MAX_REPAIRED_CHARS:
        return None
    try:
        value = _DECODER.decode(_BAD_ESCAPE.sub(_double_backslash, text))
    except (ValueError, RecursionError):
        value = _repair_with_library(text)
    return value if isinstance(value, dict | list) and value else None


def _double_backslash(match: re.Match[str]) -> str:
    """Keep a valid escape, and double the backslash of a bad one."""
    return match[0] if match[1] else "\\\\"


def _repair_with_library(text: str) -> Any:
    from json_repair import repair_json  # noqa: PLC0415  # 40 ms that most answers need not spend

    try:
        return repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError):
        return None
