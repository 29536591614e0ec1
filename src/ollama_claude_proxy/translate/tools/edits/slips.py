"""Slips that change the whole of what a model writes, and how they are undone.

Each is undone alike in what is replaced and in what replaces it.
"""

import re
from collections.abc import Callable, Iterator
from itertools import combinations

from msgspec import Struct

from ollama_claude_proxy.translate.tools.edits.numbered_lines import (
    strip_numbers,
    strip_numbers_where,
)

_Change = Callable[[str], str]
_ENTITY = re.compile(r"&(lt|gt|amp|quot|apos|#39|#x27|#34|#x22);", re.IGNORECASE)
_ENTITIES = {
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "quot": '"',
    "apos": "'",
    "#39": "'",
    "#x27": "'",
    "#34": '"',
    "#x22": '"',
}
_ESCAPE = re.compile(r"\\([ntr\"'\\/])")
_QUOTE_ESCAPE = re.compile(r"\\([\"'])")
_LINE_ESCAPE = re.compile(r"\\([nt])")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class Slip(Struct, frozen=True):
    """A kind of slip: `undo` in what is to be replaced, `undo_new` in what replaces it.

    Of the slips of one `family` one at most was made.
    """

    name: str
    family: str
    undo: _Change
    undo_new: _Change


class Undone(Struct, frozen=True):
    """What is to be replaced and what replaces it without slips of some kinds."""

    old: str
    new: str
    names: tuple[str, ...]


def _unescape(pattern: re.Pattern[str]) -> _Change:
    return lambda text: pattern.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[1].lower()], text)


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n")


# In the order in which they are undone: what was done to the whole text last, first.
_SLIPS = (
    Slip("escapes", "escapes", _unescape(_QUOTE_ESCAPE), _unescape(_QUOTE_ESCAPE)),
    Slip("escapes", "escapes", _unescape(_ESCAPE), _unescape(_ESCAPE)),
    Slip("escapes", "escapes", _unescape(_LINE_ESCAPE), _unescape(_LINE_ESCAPE)),
    Slip("CRLF", "CRLF", _with_line_feeds, _with_line_feeds),
    Slip("line numbers", "numbers", strip_numbers, strip_numbers_where),
    Slip("HTML entities", "entities", _without_entities, _without_entities),
)
_FAMILIES = frozenset(slip.family for slip in _SLIPS)


def undo_slips(old: str, new: str) -> Iterator[list[Undone]]:
    """Return what may have been meant, beginning with what has the fewest kinds of slips."""
    yield [Undone(old, new, ())]
    for count in range(1, len(_FAMILIES) + 1):
        chosen = combinations(_SLIPS, count)
        undone = [
            _undo(old, new, slips) for slips in chosen if len({s.family for s in slips}) == count
        ]
        yield [one for one in undone if one is not None]


def _undo(old: str, new: str, slips: tuple[Slip, ...]) -> Undone | None:
    """Return both texts without slips of some kinds; None if one of them was not made."""
    for slip in slips:
        undone = slip.undo(old)
        if undone == old:
            return None
        old, new = undone, slip.undo_new(new)
    return Undone(old, new, tuple(slip.name for slip in slips))
