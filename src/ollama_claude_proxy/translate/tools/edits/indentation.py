"""Indentation that was shifted as a whole, or written with tabs instead of spaces."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

_TAB_WIDTHS = (4, 8, 2, 3)


def indent_of(line: str) -> str:
    """Return the white space before a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


class Shift(Struct, frozen=True):
    """How the file is indented compared with what the model wrote: `columns` further.

    `known` are the file's indents by the model's; `uses_tabs` tells that the file has tabs there.
    If all differ by the same white space before them, it is `added` to the model's, or `removed`.
    """

    columns: int
    tab_width: int
    known: Mapping[str, str]
    uses_tabs: bool
    added: str = ""
    removed: str = ""

    @property
    def is_none(self) -> bool:
        """Whether both are indented in the same way."""
        return all(written == real for written, real in self.known.items())

    def apply(self, indent: str) -> str | None:
        """Return the file's indent for one of the model's; None if there is no room for it."""
        if self.is_none:
            return indent
        if indent in self.known:
            return self.known[indent]
        if self.added or self.removed:
            fits = indent.startswith(self.removed)
            return self.added + indent.removeprefix(self.removed) if fits else None
        width = len(indent.expandtabs(self.tab_width)) + self.columns
        if width < 0:
            return None
        if not self.uses_tabs:
            return " " * width
        return "\t" * (width // self.tab_width) + " " * (width % self.tab_width)


NO_SHIFT = Shift(0, 4, {}, uses_tabs=False)


def find_shift(pairs: Sequence[tuple[str, str]]) -> Shift | None:
    """Return the one shift between the indents of the model and those of the file, if it is one."""
    known = dict(pairs)
    if any(known[written] != real for written, real in pairs):
        return None
    uses_tabs = any("\t" in real for _, real in pairs)
    if all(written == real for written, real in pairs):
        return Shift(0, 4, known, uses_tabs)
    added = {_prefix(real, written) for written, real in pairs}
    removed = {_prefix(written, real) for written, real in pairs}
    if len(added) == 1 and (prefix := added.pop()):
        return Shift(0, 4, known, uses_tabs, added=prefix)
    if len(removed) == 1 and (prefix := removed.pop()):
        return Shift(0, 4, known, uses_tabs, removed=prefix)
    shifts = (_shift(pairs, known, width, uses_tabs=uses_tabs) for width in _TAB_WIDTHS)
    return min(
        (shift for shift in shifts if shift is not None),
        key=lambda shift: abs(shift.columns),
        default=None,
    )


def _prefix(longer: str, shorter: str) -> str:
    """Return what one text has before another; empty if it does not end with it."""
    return longer[: len(longer) - len(shorter)] if longer.endswith(shorter) else ""


def _shift(
    pairs: Sequence[tuple[str, str]], known: Mapping[str, str], tab_width: int, *, uses_tabs: bool
) -> Shift | None:
    differences = {
        len(real.expandtabs(tab_width)) - len(written.expandtabs(tab_width))
        for written, real in pairs
    }
    if len(differences) != 1:
        return None
    return Shift(differences.pop(), tab_width, known, uses_tabs)
