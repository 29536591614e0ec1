"""Spans of a file that nearly equal what a model wrote."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from ollama_claude_proxy.translate.tools.edits.matching import Span, Wanted
from ollama_claude_proxy.translate.tools.edits.spelling import SpelledText

# A tenth of the characters may differ.
_DIVISOR = 10
_MIN_LINES = 3
_MAX_CHARACTERS = 8_000
_MAX_CANDIDATES = 20


def find_near(text: SpelledText, wanted: Wanted, limit: int) -> list[Span]:
    """Return the spans of whole lines at a tenth's distance, with the same first and last line."""
    lines = _without_blank_ends(wanted.old.plain_lines)
    part = "\n".join(lines)
    if len(lines) < _MIN_LINES or len(part) > _MAX_CHARACTERS:
        return []
    allowed = len(part) // _DIVISOR
    spans: list[Span] = []
    for first, last in _candidates(text, lines):
        near = "\n".join(text.plain_lines[first : last + 1])
        if 0 < _distance(part, near, allowed) <= allowed:
            end = text.line_start(last) + len(text.lines[last])
            spans.append(Span(text.line_start(first), end))
        if len(spans) >= limit:
            break
    return spans


def distance(one: str, other: str) -> int:
    """Return the edit distance: how many characters are put in, taken out or replaced.

    Myers's algorithm with one bit for each character of `one`.
    """
    if not one or not other:
        return len(one) or len(other)
    places: dict[str, int] = {}
    for index, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << index
    full, top = (1 << len(one)) - 1, 1 << (len(one) - 1)
    plus, minus, score = full, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        rising = minus | (full & ~(diagonal | plus))
        falling = plus & diagonal
        score += bool(rising & top) - bool(falling & top)
        rising = (rising << 1 | 1) & full
        falling = falling << 1 & full
        plus = falling | (full & ~(diagonal | rising))
        minus = rising & diagonal
    return score


def _distance(one: str, other: str, allowed: int) -> int:
    if abs(len(one) - len(other)) > allowed:
        return allowed + 1
    return distance(one, other)


def _candidates(text: SpelledText, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Return first and last lines of the file that are those wanted, about as far apart."""
    slack = max(len(lines) // _DIVISOR, 1)
    lasts = [at for at, line in enumerate(text.plain_lines) if line == lines[-1]]
    firsts = (at for at, line in enumerate(text.plain_lines) if line == lines[0])
    found = (
        (first, last)
        for first in firsts
        for last in _between(lasts, first + len(lines) - 1, slack)
        if last > first
    )
    return islice(found, _MAX_CANDIDATES)


def _between(places: list[int], middle: int, slack: int) -> list[int]:
    """Return the places at most `slack` from the middle, of a list in order."""
    return places[bisect_left(places, middle - slack) : bisect_right(places, middle + slack)]


def _without_blank_ends(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    while kept and not kept[0]:
        kept.pop(0)
    while kept and not kept[-1]:
        kept.pop()
    return kept
