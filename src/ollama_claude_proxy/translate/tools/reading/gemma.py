"""Calls in Gemma's own form: `call:Read{file_path:<escape>/a<escape>,limit:3}`.

Strings stand between two equal markers (`<escape>`, or `<|"|>` of Gemma 4); the rest is JSON with
bare keys.
"""

import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall

_CALL_START = re.compile(r"call:\s*([\w.\-]+)\s*\{")
_STRING_MARKERS = ('<|"|>', "<escape>", '"')
_BARE_VALUE = re.compile(r"[^,}\]]*")
_KEY = re.compile(r"\s*,?\s*([^:,{}\[\]]+?)\s*:\s*")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
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
        if text.startswith("}", at):
            return values, at + 1
        key = _KEY.match(text, at)
        if key is None:
            raise ValueError
        name = key[1]
        for marker in _STRING_MARKERS:
            name = name.removeprefix(marker).removesuffix(marker)
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
    for marker in _STRING_MARKERS:
        if text.startswith(marker, at):
            end = text.index(marker, at + len(marker))
            return text[at + len(marker) : end], end + len(marker)
    if text.startswith("{", at):
        return _read_object(text, at + 1, depth + 1)
    if text.startswith("[", at):
        return _read_list(text, at + 1, depth + 1)
    bare = _BARE_VALUE.match(text, at)
    word = bare[0].strip() if bare else ""
    if not word:
        raise ValueError
    return _parse_scalar(word), at + len(bare[0] if bare else "")


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
