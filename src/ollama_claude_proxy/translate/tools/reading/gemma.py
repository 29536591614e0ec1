r"""Calls in Gemma's own form: `call:Read{file_path:<escape>/a<escape>,limit:3}`.

Strings stand between two equal marks (`<escape>`, or `<|"|>` of Gemma 4); the rest is JSON with
bare keys. Gemma 4 also writes ordinary strings, in which `\n` is a line end, single quotes, a
string that one kind of mark begins and another ends, and parentheses for braces.
"""

import json
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall

_CALL_START = re.compile(r"call:\s*([\w.\-]+)\s*[{(]")
_STRING_MARKS = ('<|"|>', "<escape>")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'(?=\s*(?:<\|\"\|>\s*)?[,}\])])", re.DOTALL)
_BARE_VALUE = re.compile(r"[^,}\])]*")
_KEY = re.compile(r"\s*,?\s*([^:,={}()\[\]]+?)\s*[:=]\s*")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_CLOSING = ("}", ")")
_MAX_DEPTH = 50


def read_gemma_call(text: str, at: int) -> CallsAndEnd | None:
    """Read one call at `at`."""
    start = _CALL_START.match(text, at)
    if start is None:
        return None
    try:
        arguments, end = _read_object(text, start.end(), 0)
    except ValueError:
        return None
    return [FoundCall(start[1], arguments)], end


def _read_object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    """Read what follows `{`; raise ValueError where it is malformed, as the functions below do."""
    values: dict[str, Any] = {}
    while True:
        at = _skip_separators(text, at)
        if text.startswith(_CLOSING, at):
            return values, at + 1
        key = _KEY.match(text, at)
        if key is None:
            raise ValueError
        name = key[1]
        for mark in (*_STRING_MARKS, '"', "'"):
            name = name.removeprefix(mark).removesuffix(mark)
        values[name], at = _read_value(text, key.end(), depth)


def _read_list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    """Read what follows `[`."""
    values: list[Any] = []
    while True:
        at = _skip_separators(text, at)
        if text.startswith("]", at):
            return values, at + 1
        if at >= len(text):
            raise ValueError
        value, at = _read_value(text, at, depth)
        values.append(value)


def _read_value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise ValueError
    string = _read_string(text, at)
    if string is not None:
        return string
    if text.startswith("{", at):
        return _read_object(text, at + 1, depth + 1)
    if text.startswith("[", at):
        return _read_list(text, at + 1, depth + 1)
    bare = _BARE_VALUE.match(text, at)
    word = bare[0].strip() if bare else ""
    if not word:
        raise ValueError
    return _parse_scalar(word), at + len(bare[0] if bare else "")


def _read_string(text: str, at: int) -> tuple[str, int] | None:
    for mark in _STRING_MARKS:
        if text.startswith(mark, at):
            end = text.index(mark, at + len(mark))
            return text[at + len(mark) : end], end + len(mark)
    quoted = _JSON_STRING.match(text, at)
    if quoted is not None:
        return _decode(quoted[0]), _skip_stray_mark(text, quoted.end())
    single = _SINGLE_QUOTED.match(text, at)
    if single is not None:
        return single[1].replace("\\'", "'"), _skip_stray_mark(text, single.end())
    if text.startswith(('"', "'"), at):
        raise ValueError
    return None


def _decode(quoted: str) -> str:
    """Return a string of JSON; with an escape that JSON does not know, as it is written."""
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted[1:-1]


def _skip_stray_mark(text: str, at: int) -> int:
    """Skip a mark that ends what a quotation mark began."""
    for mark in _STRING_MARKS:
        if text.startswith(mark, at):
            return at + len(mark)
    return at


def _parse_scalar(word: str) -> Any:
    if word in _LITERALS:
        return _LITERALS[word]
    for number_type in (int, float):
        try:
            return number_type(word)
        except ValueError:
            continue
    return word


def _skip_separators(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at
