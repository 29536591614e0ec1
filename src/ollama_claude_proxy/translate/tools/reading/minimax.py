"""Calls of MiniMax M3: tags with a mark before each, and each parameter an element of its name.

An object is written as elements in an element, a list as elements named `item`.
"""

import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall

_MARK = r"\]<\]minimax\[>\["
_OPENING = re.compile(rf'{_MARK}<invoke name="([^"]+)">')
_ELEMENT = re.compile(
    rf'\s*{_MARK}<(?:parameter name="(?P<key>[^"]+)"|(?P<tag>[\w-]+))>(?P<value>.*?)'
    rf"{_MARK}</(?:(?(tag)(?P=tag)|parameter))>",
    re.DOTALL,
)
_END = re.compile(rf"\s*{_MARK}</invoke>(?:\s*{_MARK}</tool_call>)?")
_MAX_DEPTH = 20


def read_minimax_call(text: str, at: int) -> CallsAndEnd | None:
    """Read one call at `at`."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    pairs, at = _read_elements(text, opening.end(), 0)
    end = _END.match(text, at)
    if end is None:
        return None
    call = FoundCall(opening[1], dict(pairs), untyped=True, only_in_marks=not pairs)
    return [call], end.end()


def _read_elements(text: str, at: int, depth: int) -> tuple[list[tuple[str, Any]], int]:
    pairs: list[tuple[str, Any]] = []
    while element := _ELEMENT.match(text, at):
        pairs.append((element["key"] or element["tag"], _read_value(element["value"], depth)))
        at = element.end()
    return pairs, at


def _read_value(text: str, depth: int) -> Any:
    """Return a text, or the object or list that its elements are."""
    pairs, at = _read_elements(text, 0, depth + 1) if depth < _MAX_DEPTH else ([], 0)
    if not pairs or text[at:].strip():
        return text
    if all(key == "item" for key, _ in pairs):
        return [value for _, value in pairs]
    return dict(pairs)
