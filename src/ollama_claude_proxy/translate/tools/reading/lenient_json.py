r"""JSON as small models write it.

Strict JSON is tried first. Then repairs that lose nothing: raw line breaks in strings, a bad escape
(`def\s+main`, where the backslash is meant), strings in single quotes, which may hold double ones;
and finally the library for the rest: trailing commas, unquoted keys, Python's words, comments, a
missing last bracket. What it returns must hold every letter and digit that was written, in order:
a repair that loses text is worse than none. A string that is left open is never repaired, nor a
number or an opening bracket at the end, because each may be half of a value.
"""

import ast
import json
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.bracket_scanner import (
    BracketScanner,
    find_value_end,
)

# Repairing larger values would take too long.
_MAX_REPAIRED_CHARS = 2_000_000
# The library takes time with the square of what stands outside of strings.
_MAX_SKELETON_CHARS = 6_000
# Python's parser recurses on the C stack.
_MAX_LITERAL_CHARS = 200_000
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
# Where a string begins; in single quotes or backticks only where JSON has a value or a key.
_STRING_START = re.compile(r"(?P<before>[:,\[{]\s*)(?P<quote>['`])|\"")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DOUBLE_QUOTED = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
# The rest of such a string, up to the quote after which the JSON goes on.
_GOES_ON = r"\s*(?:[,}\]:]|\Z)"
_QUOTED = {
    quote: re.compile(
        rf"(?P<value>(?:[^{quote}\\]|\\.|{quote}(?!{_GOES_ON}))*){quote}(?={_GOES_ON})", re.DOTALL
    )
    for quote in "'`"
}
_HALF_VALUE = re.compile(r"(?:[{\[,:]|[:\[,]\s*-?[\d.]+)\s*\Z")
_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_BARE_QUOTE = re.compile(r'(?:[^\\"]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


def parse_json_value(text: str, at: int) -> tuple[Any, int] | None:
    """Return the object or array at `at` and where it ends, or None where there is none."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        pass
    scanner = BracketScanner()
    end = scanner.feed(text, at)
    is_open = end is None and (scanner.quote or not scanner.depth)
    if is_open or (end is None and _HALF_VALUE.search(text, at)):
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
    """Parse what is nearly JSON; None where that fails or would lose something."""
    if len(text) > _MAX_REPAIRED_CHARS:
        return None
    escaped = _BAD_ESCAPE.sub(_double_backslash, text)
    for attempt in (escaped, _double_quoted(text)):
        try:
            value = _DECODER.decode(attempt)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict | list) and value else None
    value = _parse_python(text)
    if value is None:
        value = _repair_with_library(_double_quoted(text))
        if not (_keeps_everything(text, value) and _has_whole_quotations(value)):
            return None
    return value if isinstance(value, dict | list) and value else None


def _parse_python(text: str) -> Any:
    """Return the value that a text is as a literal of Python; None if it is none."""
    if len(text) > _MAX_LITERAL_CHARS:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _double_backslash(match: re.Match[str]) -> str:
    """Keep a valid escape, and double the backslash of a bad one."""
    return match[0] if match[1] else "\\\\"


def _double_quoted(text: str) -> str:
    """Return the text with its strings in single quotes as strings of JSON."""
    parts: list[str] = []
    at = copied = 0
    unclosed: set[str] = set()  # what does not end once does not end later either
    while start := _STRING_START.search(text, at):
        at = start.end()
        quote = start["quote"] or '"'
        pattern = _QUOTED.get(quote, _DOUBLE_QUOTED)
        string = None if quote in unclosed else pattern.match(text, at)
        if string is None:
            unclosed.add(quote)
            continue
        if quote != '"':
            parts += (text[copied : at - 1], json.dumps(_unescape(string["value"])))
            copied = string.end()
        at = string.end()
    return _BAD_ESCAPE.sub(_double_backslash, "".join([*parts, text[copied:]]))


def _unescape(value: str) -> str:
    """Return what the escapes of a string in single quotes mean.

    Where some double quotes stand bare, one that is escaped is escaped in the text itself.
    """
    escaped_quote = r"\\\"" if _BARE_QUOTE.match(value) else r"\""
    meant = {"\\'": "'", '\\"': escaped_quote, '"': r"\""}
    try:
        return str(_DECODER.decode(f'"{_QUOTE.sub(lambda one: meant.get(one[0], one[0]), value)}"'))
    except ValueError:
        return value.replace("\\'", "'")


def _repair_with_library(text: str) -> Any:
    from json_repair import repair_json  # noqa: PLC0415  # 40 ms that most answers need not spend

    if len(_STRING.sub("", text)) > _MAX_SKELETON_CHARS:
        return None
    try:
        return repair_json(text, return_objects=True, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError):
        return None


def _keeps_everything(text: str, value: Any) -> bool:
    """Whether a repaired value holds all letters and digits of the text, comments apart."""
    kept = _letters(json.dumps(value, ensure_ascii=False))
    return _letters(text) == kept or _letters(_COMMENT.sub("", text)) == kept


def _has_whole_quotations(value: Any) -> bool:
    """Whether no string has half a quotation: where one string ended is then no guess."""
    if isinstance(value, str):
        return value.count('"') % 2 == 0
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_has_whole_quotations(one) for one in inner)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _ESCAPE.sub("", text))).lower()
