"""The text before a possible call, which decides whether the call is meant or only shown.

A fence of JSON is the commonest form in which small models really call a tool, and also how anyone
shows a document. So the text before it decides: *for example*, *looks like this*, *as follows*, a
quotation mark, inline code or a fence of another language show it; a plain announcement ("I'll
write the file:"), or none, means it.
"""

import re

_KEPT_CHARS = 400
_INTRODUCES_EXAMPLE = re.compile(
    r"\b(?:for example|for instance|e\.\s?g\.|as follows|like (?:this|so)\b|looks? like|would look"
    r"|here(?:'s| is) an example|an example of|examples?:"
    r"|(?:example|sample) (?:call|usage|request|response|output|tool call)|in this format"
    r"|following format|format is|z\.\s?B\.|zum Beispiel|par exemple|por ejemplo)",
    re.IGNORECASE,
)
_QUOTATION_MARKS = "\"'`“‘«„‹(=\\"
# A line that begins like this is of a diff, a list, a quotation, a comment, a log or a table.
_NO_SENTENCE = re.compile(r"\s*(?:[+\-|#$%@/\d\[]|>|\*\s|\w+\s*=|[A-Z]{4,}\b)")
_SENTENCE_END = re.compile(r"(?:[.:!?…。：！？)\]*>✅🔧]|^)\s*$")


class PrecedingText:
    """The end of the text that was passed on, and what is still open in it.

    `open_fence` are the backticks of a fence that shows code, or "".
    """

    def __init__(self) -> None:
        self._tail = ""
        self.open_fence = ""
        self._inline_code_ticks = 0
        self._open_brackets = 0

    def add(self, text: str) -> None:
        """Remember text that is passed on."""
        self._tail = (self._tail + text)[-_KEPT_CHARS:]
        if self._inline_code_ticks and "\n" in text:
            self._inline_code_ticks = 0
        if self._open_brackets:
            closed = text.count("}") + text.count("]")
            ends_paragraph = "\n\n" in self._tail[-len(text) - 1 :]
            self._open_brackets = 0 if ends_paragraph else max(self._open_brackets - closed, 0)

    def open_bracket(self) -> None:
        """Count a bracket that opens no call: what stands in it is part of a document."""
        self._open_brackets += 1

    def toggle_inline_code(self, ticks: int) -> None:
        """Open or close inline code at a run of backticks."""
        if self._inline_code_ticks == 0:
            self._inline_code_ticks = ticks
        elif self._inline_code_ticks == ticks:
            self._inline_code_ticks = 0

    @property
    def line(self) -> str:
        """The current line so far."""
        return self._tail.rpartition("\n")[2]

    @property
    def at_line_start(self) -> bool:
        """Whether the current line is blank so far."""
        return not self.line.strip()

    @property
    def in_quotation(self) -> bool:
        """Whether the next character is in inline code or follows a quotation mark."""
        if self._inline_code_ticks:
            return True
        return self._tail[-1:] in _QUOTATION_MARKS and self._tail != ""

    @property
    def introduces_example(self) -> bool:
        """Whether the last line with words says that what follows is only shown."""
        lines = [line for line in self._tail.split("\n") if line.strip()]
        return bool(lines) and _INTRODUCES_EXAMPLE.search(lines[-1]) is not None

    @property
    def allows_bare_call(self) -> bool:
        """Whether a call without markup may begin here: on a blank line, or after a sentence."""
        line = self.line
        if self._open_brackets:
            return False
        if not line.strip():
            return True
        if _NO_SENTENCE.match(line) or line.count('"') % 2 or not line[-1].isspace():
            return False
        return _SENTENCE_END.search(line) is not None
