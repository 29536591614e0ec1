"""What stands before a place in the text tells whether a call there is meant, or shown.

A fence of JSON is the commonest form in which small models really call a tool, and also how anyone
shows a document. So what announces it decides: *for example*, *looks like this*, *as follows*, a
quotation mark, inline code or a fence of another language show it; a bare announcement ("I'll
write the file:"), or none, means it.
"""

import re

_KEPT = 400
_SHOWN = re.compile(
    r"\b(?:for example|for instance|e\.\s?g\.|as follows|like (?:this|so)\b|looks? like|would look"
    r"|here(?:'s| is) an example|an example of|examples?:"
    r"|(?:example|sample) (?:call|usage|request|response|output|tool call)|in this format"
    r"|following format|format is|z\.\s?B\.|zum Beispiel|par exemple|por ejemplo)",
    re.IGNORECASE,
)
_QUOTES = "\"'`“‘«„‹(=\\"
# A line that begins like this is of a diff, a list, a quotation, a comment, a log or a table.
_NO_SENTENCE = re.compile(r"\s*(?:[+\-|#$%@/\d\[]|>|\*\s|\w+\s*=|[A-Z]{4,}\b)")
_ENDS_SENTENCE = re.compile(r"(?:[.:!?…。：！？)\]*>✅🔧]|^)\s*$")


class Prose:
    """The text that was passed on, as far as it is needed."""

    def __init__(self) -> None:
        self._tail = ""
        self.fence = ""
        self._inline = 0
        self._depth = 0

    def add(self, text: str) -> None:
        """Remember what is passed on."""
        self._tail = (self._tail + text)[-_KEPT:]
        if self._inline and "\n" in text:
            self._inline = 0
        if self._depth:
            closed = text.count("}") + text.count("]")
            self._depth = (
                0 if "\n\n" in self._tail[-len(text) - 1 :] else max(self._depth - closed, 0)
            )

    def bracket(self) -> None:
        """A bracket opens that is no call: what stands in it is part of a document."""
        self._depth += 1

    def ticks(self, count: int) -> None:
        """Open or close inline code at a run of backticks."""
        if self._inline == 0:
            self._inline = count
        elif self._inline == count:
            self._inline = 0

    @property
    def line(self) -> str:
        """The line so far."""
        return self._tail.rpartition("\n")[2]

    @property
    def begins_line(self) -> bool:
        """Whether nothing but space stands on the line so far."""
        return not self.line.strip()

    @property
    def quotes(self) -> bool:
        """Whether what comes now stands in inline code or follows a quotation mark."""
        return bool(self._inline) or (self._tail[-1:] in _QUOTES and self._tail != "")

    @property
    def announces_example(self) -> bool:
        """Whether the last line with words says that what follows is only shown."""
        lines = [line for line in self._tail.split("\n") if line.strip()]
        return bool(lines) and _SHOWN.search(lines[-1]) is not None

    @property
    def allows_bare(self) -> bool:
        """Whether a bare call may begin here: at a line's begin, or after a sentence."""
        line = self.line
        if self._depth:
            return False
        if not line.strip():
            return True
        if _NO_SENTENCE.match(line) or line.count('"') % 2 or not line[-1].isspace():
            return False
        return _ENDS_SENTENCE.search(line) is not None
