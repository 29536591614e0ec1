"""Find what opens calls at a position of the text, and the scanner for it."""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from ollama_claude_proxy.translate.tools.reading.call_scanners import (
    HEAD_CHARS,
    BareCallScanner,
    MarkedCallScanner,
)
from ollama_claude_proxy.translate.tools.reading.markup import (
    CALL_FENCES,
    MARKUPS,
    Markup,
    named_markups,
)

_NAMESPACES = ("default_api.", "functions.", "tools.")
_FENCE_LINE = re.compile(r"(?P<ticks>`{3,})[ \t]*(?P<info>[^`\n]*)(?P<end>\n|\Z)")
_MAX_FENCE_LINE_CHARS = 80


class Opening(Struct, frozen=True):
    """A scanner that begins after `opener`, which is "" for JSON without marks.

    `in_marks`: the calls are written in the marks of a dialect.
    """

    scanner: MarkedCallScanner | BareCallScanner
    opener: str
    in_marks: bool = True


class Openers:
    """Finds openers; `names` are those of the offered tools.

    `trigger` matches where an opener may begin.
    """

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        self._names = frozenset(
            f"{namespace}{name.lower()}" for name in names for namespace in ("", *_NAMESPACES)
        )
        markups = (*MARKUPS, *named_markups(names))
        self._anywhere = _by_first_character(m for m in markups if not m.at_line_start)
        self._at_line_start = _by_first_character(m for m in markups if m.at_line_start)
        self._max_opener_chars = max(len(markup.opener) for markup in markups)
        self.line_start_characters = frozenset(self._at_line_start)
        letters = re.escape("".join(sorted(self.line_start_characters)))
        self.trigger = re.compile(
            rf"[<{{\[`]|\](?=<|\Z)|(?:>(?=[{letters}]|\Z))"
            rf"|\n[ \t]*(?=[{letters}]|\Z)"
        )

    def find(
        self, text: str, at: int, *, at_line_start: bool, last: bool
    ) -> Opening | Literal["wait"] | None:
        """Return what opens calls at `at`; "wait" if more of the text is needed to tell."""
        if text[at] == "`":
            return self._find_fence(text, at, last=last) if at_line_start else None
        markups = self._anywhere.get(text[at], [])
        if at_line_start:
            markups = [*self._at_line_start.get(text[at], []), *markups]
        for markup in markups:
            if text.startswith(markup.opener, at):
                scanner = MarkedCallScanner(markup)
                if scanner.may_begin(text[at + scanner.skipped_chars :][:HEAD_CHARS]):
                    return Opening(scanner, markup.opener, markup.in_marks)
        rest = text[at : at + self._max_opener_chars]
        if not last and any(markup.opener.startswith(rest) for markup in markups):
            return "wait"
        return self._find_bracket(text, at) if text[at] in "{[" else None

    def prose_before(self, text: str) -> str:
        """Return the text up to where further calls may begin, but at its very beginning."""
        for match in self.trigger.finditer(text, 1):
            line_start = match[0].startswith("\n")
            at = match.end() if line_start else match.start()
            if text.startswith("```", at):
                return text[:at]
            may_open = at < len(text) and text[at] != "`"
            if may_open and self.find(text, at, at_line_start=line_start, last=True):
                return text[:at]
        return text

    def _find_bracket(self, text: str, at: int) -> Opening | None:
        scanner = BareCallScanner(self._names)
        begins = scanner.may_begin(text[at : at + HEAD_CHARS])
        return Opening(scanner, "", in_marks=False) if begins else None

    def _find_fence(self, text: str, at: int, *, last: bool) -> Opening | Literal["wait"] | None:
        line = fence_line(text, at)
        if not last and may_be_fence(text, at, line):
            return "wait"
        if line is None or line["info"].strip().lower() not in CALL_FENCES:
            return None
        markup = Markup(line[0], (line["ticks"],))
        return Opening(MarkedCallScanner(markup), line[0], in_marks=False)


def fence_line(text: str, at: int) -> re.Match[str] | None:
    """Return the line of a fence that begins at `at`, with `ticks` and `info`."""
    return _FENCE_LINE.match(text, at)


def may_be_fence(text: str, at: int, line: re.Match[str] | None) -> bool:
    """Whether backticks at the end of the text may become a fence, or its line is not complete."""
    if len(text) - at >= _MAX_FENCE_LINE_CHARS:
        return False
    only_ticks = not text[at:].strip("`")
    return only_ticks or (line is not None and not line["end"])


def _by_first_character(markups: Iterable[Markup]) -> dict[str, list[Markup]]:
    """Return the markups by the first character of their openers; longer openers first."""
    by_character: dict[str, list[Markup]] = {}
    for markup in sorted(markups, key=lambda one: len(one.opener), reverse=True):
        by_character.setdefault(markup.opener[0], []).append(markup)
    return by_character
