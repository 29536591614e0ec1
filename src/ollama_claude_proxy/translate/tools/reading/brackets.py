"""Where a bracketed value ends: JSON, what resembles JSON, or Python."""

import re

# To the end of a string, over escapes; what is left of a piece may end in a lone backslash.
_STRINGS = {
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL),
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*", re.DOTALL),
}
_STRUCTURE = re.compile(r"""["'{}\[\]()]""")
_OPENING = "{[("


class Brackets:
    """Follows brackets and strings, piece by piece.

    `depth` counts the open brackets; `quote` is the quotation mark of an open string, or nothing.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self._escaped = False

    def feed(self, text: str, at: int = 0) -> int | None:
        """Read on from `at`; give where the outermost value ends, or None when it goes on."""
        while at < len(text):
            if self.quote:
                at = self._string(text, at)
                continue
            found = _STRUCTURE.search(text, at)
            if found is None:
                return None
            at = found.end()
            if self._close(found[0]):
                return at
        return None

    def _string(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        within = _STRINGS[self.quote].match(text, at)
        at = within.end() if within else at
        if at == len(text):
            return at
        if text[at] == "\\":  # the last character of the piece
            self._escaped = True
        else:
            self.quote = ""
        return at + 1

    def _close(self, sign: str) -> bool:
        if sign in "\"'":
            self.quote = sign
        elif sign in _OPENING:
            self.depth += 1
        else:
            self.depth -= 1
        return self.depth <= 0 and not self.quote and sign not in "\"'"


def end_of_value(text: str, at: int) -> int | None:
    """Give where the value that begins at `at` ends, or None where it does not."""
    return Brackets().feed(text, at)
