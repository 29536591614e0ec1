"""Texts in a spelling in which slips do not show, with the way back to what was written.

Lines lose the white space around them, white space within them becomes one space, typographic
quotes and dashes become plain ones, and invisible marks vanish. Two texts are equal up to slips of
these kinds if their spellings are equal.
"""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

_PLAIN = {
    **dict.fromkeys(map(ord, "‘’‚‛′"), "'"),  # noqa: RUF001  # what is mapped
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),  # noqa: RUF001  # what is mapped
    **dict.fromkeys(map(ord, "\u200b\ufeff"), None),
}


def plain_character(character: str) -> str:
    """Return a character as the spelling has it; empty for an invisible one."""
    return _PLAIN.get(ord(character), character) or ""


def plain_line(line: str) -> str:
    """Return the spelling of one line."""
    return " ".join((line if line.isascii() else line.translate(_PLAIN)).split())


def columns(line: str) -> list[int]:
    """Return where in a line each character of its spelling stands."""
    places: list[int] = []
    space: int | None = None
    for place, character in enumerate(line):
        if character.isspace():
            space = place if space is None else space
        elif plain_character(character):
            if space is not None and places:
                places.append(space)
            space = None
            places.append(place)
    return places


class SpelledText:
    """A text, its lines and its spelling."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.plain_lines = list(map(plain_line, self.lines))
        self.plain = "\n".join(self.plain_lines)
        self._columns: tuple[int, list[int]] = (-1, [])

    def columns_of(self, line: int) -> list[int]:
        """Return where in a line each character of its spelling stands; of one line at a time."""
        if self._columns[0] != line:
            self._columns = line, columns(self.lines[line])
        return self._columns[1]

    def line_start(self, line: int) -> int:
        """Return where a line begins in the text; lines are counted from 0."""
        return self._starts[line]

    def place(self, plain_position: int) -> tuple[int, int]:
        """Return the line of a position of the spelling, and the position in that line."""
        line = bisect_right(self._plain_starts, plain_position) - 1
        return line, plain_position - self._plain_starts[line]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.lines)]

    @cached_property
    def _plain_starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.plain_lines)][:-1]
