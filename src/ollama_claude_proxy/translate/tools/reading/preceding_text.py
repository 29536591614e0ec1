"""The text before a possible call: what is open in it, and what it makes of the call."""

import re

from ollama_claude_proxy.translate.tools.reading.shown_or_meant import (
    Introduction,
    after_thinking,
    classify_introduction,
)

_KEPT_CHARS = 1500
_QUOTATION_MARKS = "\"'`“‘«„‹(=\\「『"
# A line that begins like this is of a diff, a list, a quotation, a comment, a log or a table.
_SHOWN_LINE = re.compile(
    r"\s*(?:[+\-](?=[\s<{\[]|$)|\||>|[*•\u2013]\s|\d+[.)]\s|[$%]\s|#|//|/\*|@@|\[\d|\d{1,4}[-:/]\d"
    r"|\w+\s*=(?!=)|(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL)\b|[\w.-]+\[\d+\]:)"
)
# Where JSON without marks may not follow in the same line.
_NO_SENTENCE = re.compile(r"\s*(?:[+\-|#$%@/\d\[]|>|\*\s|\w+\s*=|[A-Z]{4,}\b)")
_SENTENCE_END = re.compile(r"(?:[.:!?…。：！？)\]*>✅🔧]|^)\s*$")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s")
_DIFF_LINE = re.compile(r"(?:diff --git |@@ |\+\+\+ |--- a/)")
_ELEMENT = re.compile(
    r"<(/?)(?:pre|code|samp|example|examples|blockquote|details|textarea|template|CDATA)\b[^>]*>",
    re.IGNORECASE,
)


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
        """The current line so far, without thinking that ended in it."""
        return after_thinking(self._tail.rpartition("\n")[2])

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
    def in_document(self) -> bool:
        """Whether a call here would be part of something that is shown."""
        line = self.line
        if self.in_quotation or _SHOWN_LINE.match(line) or line.count('"') % 2:
            return True
        return self._is_indented(line) or self._in_diff() or self._in_open_element()

    @property
    def introduction(self) -> Introduction:
        """What the sentence before makes of a call here."""
        return classify_introduction(self._tail)

    @property
    def allows_bare_call(self) -> bool:
        """Whether a call without marks may begin here: on a blank line, or after a sentence."""
        line = self.line
        if self._open_brackets:
            return False
        if line.strip():
            if not line[-1].isspace() or _NO_SENTENCE.match(line):
                return False
            if _SENTENCE_END.search(line) is None:
                return False
        return not self.in_document

    def _is_indented(self, line: str) -> bool:
        """Whether the line is an indented block, or goes on with an item of a list."""
        indentation = line.expandtabs(4)
        if line.strip() or not indentation:
            return False
        before = self._tail[: len(self._tail) - len(line)].rstrip("\n").rpartition("\n")[2]
        return len(indentation) >= 4 or (
            len(indentation) >= 2 and _LIST_ITEM.match(before) is not None
        )

    def _in_diff(self) -> bool:
        paragraph = self._tail.rpartition("\n\n")[2]
        return any(_DIFF_LINE.match(line) for line in paragraph.split("\n"))

    def _in_open_element(self) -> bool:
        opened = [match[1] != "/" for match in _ELEMENT.finditer(self._tail)]
        return bool(opened) and opened[-1]
