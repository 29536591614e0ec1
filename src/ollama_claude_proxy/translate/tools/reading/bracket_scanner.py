"""Find where a bracketed value ends: JSON, what resembles JSON, or Python."""

import re

# From inside a string to its end, over escapes; a chunk may end with a lone backslash.
_STRING_RESTS = {
    '"': re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL),
    "'": re.compile(r"[^'\\]*(?:\\.[^'\\]*)*", re.DOTALL),
}
_QUOTE_OR_BRACKET = re.compile(r"""["'{}\[\]()]""")
_OPENING_BRACKETS = "{[("


class BracketScanner:
    """Follows brackets and strings, chunk by chunk.

    `depth` counts the open brackets; `quote` is the quotation mark of an open string, or "".
    """

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self._escaped = False

    def feed(self, text: str, at: int = 0) -> int | None:
        """Scan from `at`; return where the outermost value ends, or None while it goes on."""
        while at < len(text):
            if self.quote:
                at = self._scan_string(text, at)
                continue
            match = _QUOTE_OR_BRACKET.search(text, at)
            if match is None:
                return None
            at = match.end()
            if self._ends_value(match[0]):
                return at
        return None

    def _scan_string(self, text: str, at: int) -> int:
        """Scan to the end of the open string, or of the text; return that position."""
        if self._escaped:
            self._escaped = False
            return at + 1
        rest = _STRING_RESTS[self.quote].match(text, at)
        at = rest.end() if rest else at
        if at == len(text):
            return at
        if text[at] == "\\":  # the last character of the chunk
            self._escaped = True
        else:
            self.quote = ""
        return at + 1

    def _ends_value(self, character: str) -> bool:
        """Count a quotation mark or bracket; whether it ends the outermost value."""
        if character in "\"'":
            self.quote = character
        elif character in _OPENING_BRACKETS:
            self.depth += 1
        else:
            self.depth -= 1
        return self.depth <= 0 and not self.quote and character not in "\"'"


def find_value_end(text: str, at: int) -> int | None:
    """Return where the value that begins at `at` ends, or None where it does not end."""
    return BracketScanner().feed(text, at)
