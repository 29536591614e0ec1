"""Gemma's own form: `call:Read{file_path:<escape>/a<escape>,limit:3}`.

Strings stand between two of the same mark (`<escape>`, or `<|"|>` of Gemma 4); all else is JSON
with bare keys.
"""

import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.tags import Read

_NAME = re.compile(r"call:\s*([\w.\-]+)\s*\{")
_MARKS = ('<|"|>', "<escape>", '"')
_BARE = re.compile(r"[^,}\]]*")
_KEY = re.compile(r"\s*,?\s*([^:,{}\[\]]+?)\s*:\s*")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_DEEPEST = 50


def braces_at(text: str, at: int) -> Read | None:
    """Read one such call."""
    opened = _NAME.match(text, at)
    if opened is None:
        return None
    try:
        arguments, end = _object(text, opened.end(), 0)
    except ValueError:
        return None
    return [FoundCall(opened[1], arguments)], end


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    """Read on after `{`."""
    values: dict[str, Any] = {}
    while True:
        at = _skip(text, at)
        if text.startswith("}", at):
            return values, at + 1
        key = _KEY.match(text, at)
        if key is None:
            raise ValueError
        name = key[1]
        for mark in _MARKS:
            name = name.removeprefix(mark).removesuffix(mark)
        values[name], at = _value(text, key.end(), depth)


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    while True:
        at = _skip(text, at)
        if text.startswith("]", at):
            return values, at + 1
        if at >= len(text):
            raise ValueError
        value, at = _value(text, at, depth)
        values.append(value)


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise ValueError
    for mark in _MARKS:
        if text.startswith(mark, at):
            end = text.index(mark, at + len(mark))
            return text[at + len(mark) : end], end + len(mark)
    if text.startswith("{", at):
        return _object(text, at + 1, depth + 1)
    if text.startswith("[", at):
        return _list(text, at + 1, depth + 1)
    bare = _BARE.match(text, at)
    word = bare[0].strip() if bare else ""
    if not word:
        raise ValueError
    return _scalar(word), at + len(bare[0] if bare else "")


def _scalar(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _skip(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at
