"""Spans of a file that equal what a model wrote up to white space, quotes, dashes and marks."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tools.edits.indentation import (
    NO_SHIFT,
    Shift,
    find_shift,
    indent_of,
)
from ollama_claude_proxy.translate.tools.edits.spelling import SpelledText

# Less is no evidence of a place.
_MIN_CHARACTERS = 4
# What occurs more often by its words is no place either.
_MAX_OCCURRENCES = 2_000
_BLANK_REST = re.compile(r"([ \t]*)\r?\Z")
_INNER_SPACE = re.compile(r"\s+")


class Span(Struct, frozen=True):
    """A span of a text from `start` to `end`, whose lines are indented by `shift`.

    `begins_inside` tells that it begins behind the indentation of its first line.
    """

    start: int
    end: int
    shift: Shift = NO_SHIFT
    begins_inside: bool = True


class Wanted:
    """What is looked for, and what shall replace it."""

    def __init__(self, old: str, new: str) -> None:
        self.old = SpelledText(old)
        self.new_lines = new.split("\n")

    @property
    def is_evidence(self) -> bool:
        """Whether there is enough of it to know a place by."""
        return len("".join(self.old.plain.split())) >= _MIN_CHARACTERS


def find_spans(text: SpelledText, wanted: Wanted, limit: int) -> list[Span]:
    """Return the spans that equal what is wanted up to slips, at most `limit`."""
    spans: list[Span] = []
    if not wanted.is_evidence:
        return spans
    for count, position in enumerate(_occurrences(text.plain, wanted.old.plain)):
        if count >= _MAX_OCCURRENCES:
            return []
        span = _span_at(text, wanted, position)
        if span is not None:
            spans.append(span)
        if len(spans) >= limit:
            break
    return spans


def _occurrences(text: str, part: str) -> Iterator[int]:
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + 1)


def _span_at(text: SpelledText, wanted: Wanted, position: int) -> Span | None:
    line, column = text.place(position)
    last_line, last_column = text.place(position + len(wanted.old.plain))
    pairs = _indent_pairs(text, wanted, line)
    begin = _begin(text, wanted, line, column, pairs)
    if begin is None:
        return None
    start, shift, begins_inside = begin
    end = _end(text, wanted, last_line, last_column, shift)
    if end is None or end < start:
        return None
    span = Span(start, end, shift, begins_inside)
    return span if _same_inner_space(wanted.old.text, text.text[start:end]) else None


def _indent_pairs(text: SpelledText, wanted: Wanted, line: int) -> list[tuple[str, str]]:
    """Return the indents of the lines behind the first one: as written, and as they are."""
    old = wanted.old
    return [
        (indent_of(old.lines[index]), indent_of(text.lines[line + index]))
        for index in range(1, len(old.lines))
        if old.plain_lines[index]
    ]


def _begin(
    text: SpelledText, wanted: Wanted, line: int, column: int, pairs: Sequence[tuple[str, str]]
) -> tuple[int, Shift, bool] | None:
    """Return where the span begins, how it is shifted, and whether it begins inside a line."""
    rest = find_shift(pairs)
    real, written = text.lines[line], wanted.old.lines[0]
    if rest is None:
        return None
    if not wanted.old.plain_lines[0]:
        return _begin_blank(text, line, column, rest)
    start = text.columns_of(line)[column]
    line_start, indent = text.line_start(line), indent_of(written)
    inside = line_start + start - len(indent), rest, True
    begins_so = real.endswith(indent, 0, start)
    if column > 0:
        return inside if begins_so else None
    if not pairs and begins_so and _continues_inside(wanted, real[:start]):
        return inside
    whole = find_shift([(indent, real[:start]), *pairs])
    if whole is not None:
        return line_start, whole, False
    return inside if begins_so else None


def _begin_blank(
    text: SpelledText, line: int, column: int, shift: Shift
) -> tuple[int, Shift, bool] | None:
    """Return where a span begins whose first line is blank: with a blank one, or behind another."""
    if not text.plain_lines[line]:
        return text.line_start(line), shift, False
    if column < len(text.plain_lines[line]):
        return None
    return text.line_start(line) + len(text.lines[line].rstrip("\r")), shift, True


def _continues_inside(wanted: Wanted, indent: str) -> bool:
    """Whether the later lines of what replaces one line have its real indentation."""
    return all(line.startswith(indent) for line in wanted.new_lines[1:] if line.strip())


def _end(text: SpelledText, wanted: Wanted, line: int, column: int, shift: Shift) -> int | None:
    """Return where the span ends: behind the last word, with the white space that ends the line."""
    written, real = wanted.old.lines[-1], text.lines[line]
    line_start = text.line_start(line)
    if not wanted.old.plain_lines[-1]:
        if not text.plain_lines[line]:
            return line_start + len(real.removesuffix("\r"))
        indent = shift.apply(written) if written else ""
        fits = column == 0 and indent is not None and real.startswith(indent)
        return line_start + len(indent or "") if fits else None
    end = text.columns_of(line)[column - 1] + 1
    space = written[len(written.rstrip()) :]
    blank_rest = _BLANK_REST.match(real, end)
    if blank_rest is not None:
        end = blank_rest.end(1)
    elif real.startswith(space, end):
        end += len(space)
    return line_start + end


def _same_inner_space(written: str, real: str) -> bool:
    """Whether the white space within the lines differs by tabs against spaces at most."""
    return all(
        _same_spaces(_INNER_SPACE.findall(one.strip()), _INNER_SPACE.findall(other.strip()))
        for one, other in zip(written.split("\n"), real.split("\n"), strict=True)
        if one != other
    )


def _same_spaces(written: list[str], real: list[str]) -> bool:
    return len(written) == len(real) and all(
        one == other or not (set(one) == {" "} and set(other) == {" "})
        for one, other in zip(written, real, strict=True)
    )
