"""What replaces a span: the model's change, made to what literally stands in the file.

What the model kept of the old text is taken from the file as it is there. In what it changed, the
slips that the old text shows are undone. Where that leaves two meanings, there is no answer.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from ollama_claude_proxy.translate.tools.edits.indentation import indent_of
from ollama_claude_proxy.translate.tools.edits.matching import Span
from ollama_claude_proxy.translate.tools.edits.spelling import columns, plain_character

# Comparing takes the product of both numbers of lines.
_MAX_COMPARED = 40_000
# A line of which so much is what it was ends as it did.
_SURELY_KEPT = 0.5
_WIDE_SPACE = re.compile(r"\t|  ")

_Pair = tuple[str, str]  # a line as the model wrote it, and as it is in the file
_NewLine = tuple[int, str, str | None, _Pair | None]


class _TwoMeaningsError(Exception):
    """The new text cannot be written in the file's way without a guess."""


def rewrite(old: str, new: str, text: str, span: Span) -> str | None:
    """Return what replaces a span of a text, of which the model wrote `old`; None if not clear."""
    literal = text[span.start : span.end]
    if "\r" not in text:
        old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    if _may_hide_lines(old, new):
        return None
    if old == literal and span.shift.is_none:
        return new
    rewriting = _Rewriting(old, literal, span)
    try:
        lines = [rewriting.line(*item) for item in _new_lines(old, new, literal)]
    except _TwoMeaningsError:
        return None
    if "\r\n" not in text:
        return "\n".join(lines)
    return "\r\n".join(line.removesuffix("\r") for line in lines)


def _may_hide_lines(old: str, new: str) -> bool:
    r"""Whether one line becomes one with a new `\n` in it: that, or the end of a line."""
    return "\n" not in old + new and new.count(r"\n") > old.count(r"\n")


def _new_lines(old: str, new: str, literal: str) -> Iterator[_NewLine]:
    """Return each new line: its index, its text, the file's own if it was kept, and what it was."""
    old_lines, new_lines, real = old.split("\n"), new.split("\n"), literal.split("\n")
    for tag, old_begin, old_end, begin, end in _changes(old_lines, new_lines):
        for index in range(begin, end):
            before = old_begin + index - begin
            if tag == "equal":
                yield index, new_lines[index], real[before], None
            else:
                is_paired = tag == "replace" and before < old_end
                pair = (old_lines[before], real[before]) if is_paired else None
                yield index, new_lines[index], None, pair


def _changes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    if len(old) * len(new) <= _MAX_COMPARED:
        return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    first = _common(old, new)
    last = min(_common(old[::-1], new[::-1]), len(old) - first, len(new) - first)
    old_end, new_end = len(old) - last, len(new) - last
    return [
        ("equal", 0, first, 0, first),
        ("replace", first, old_end, first, new_end),
        ("equal", old_end, len(old), new_end, len(new)),
    ]


def _common(one: str | list[str], other: str | list[str]) -> int:
    """Return how many elements both have in common at their beginning."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


class _Rewriting:
    """Rewrites the lines that a model changed, by how its old lines differ from the file's."""

    def __init__(self, old: str, literal: str, span: Span) -> None:
        self._span = span
        pairs = list(zip(old.split("\n"), literal.split("\n"), strict=True))
        self._characters = _character_changes(pairs)
        self._drops_marks = any(
            not plain_character(character) for character in set(old) - set(literal)
        )
        inner = [(one.strip(), other.strip()) for one, other in pairs]
        self._changes_inner_space = any(_spaces(one) != _spaces(other) for one, other in inner)
        self._strips_ends = any(
            one != one.rstrip() and other == other.rstrip() for one, other in pairs
        )

    def line(self, index: int, line: str, kept: str | None, pair: _Pair | None) -> str:
        """Return one line as it stands in the file, or shall stand there.

        Raises _TwoMeaningsError.
        """
        if kept is not None:
            return kept
        if not line.strip():
            return "" if self._strips_ends or not self._span.shift.is_none else line
        is_inside = index == 0 and self._span.begins_inside
        indent = indent_of(line)
        real_indent = indent if is_inside else self._span.shift.apply(indent)
        if real_indent is None:
            raise _TwoMeaningsError
        body = line[len(indent) :].rstrip()
        return real_indent + self._body(body, pair) + self._line_end(line, pair)

    def _line_end(self, line: str, pair: _Pair | None) -> str:
        """Return the white space that ends a changed line: the file's, if the model left it out."""
        end = _end_space(line)
        old_end, real_end = map(_end_space, pair or ("", ""))
        if pair is None or old_end or not real_end or end:
            is_as_before = end == old_end == real_end
            return "" if self._strips_ends and not is_as_before else end
        share = _kept_share(pair[0].strip(), line.strip())
        if 0 < share < _SURELY_KEPT:
            raise _TwoMeaningsError
        return real_end if share else ""

    def _body(self, body: str, pair: _Pair | None) -> str:
        old, real = (pair[0].strip(), pair[1].strip()) if pair is not None else ("", "")
        first = _common(old, body)
        last = min(_common(old[::-1], body[::-1]), len(old) - first, len(body) - first)
        old_columns, real_columns = columns(old), columns(real)
        begin = _last_before(old_columns, first)
        end = bisect_left(old_columns, len(old) - last)
        old_begin = old_columns[begin] if begin < len(old_columns) else len(old)
        old_end = old_columns[end] if end < len(old_columns) else len(old)
        changed = body[old_begin : len(body) - (len(old) - old_end)]
        real_begin = real_columns[begin] if begin < len(real_columns) else len(real)
        real_end = real_columns[end] if end < len(real_columns) else len(real)
        return real[:real_begin] + self._changed(changed) + real[real_end:]

    def _changed(self, text: str) -> str:
        """Return words that the model changed, without the slips that its old text shows."""
        if self._changes_inner_space and _WIDE_SPACE.search(text):
            raise _TwoMeaningsError
        return "".join(map(self._character, text))

    def _character(self, character: str) -> str:
        if self._drops_marks and not plain_character(character):
            return ""
        real = self._characters.get(character)
        if real is None:
            return character
        if len(real) > 1 or character.isascii():
            raise _TwoMeaningsError
        return next(iter(real))


def _last_before(places: list[int], position: int) -> int:
    """Return the index of the place at a position, or else of the last one before it."""
    index = bisect_left(places, position)
    is_between = index < len(places) and places[index] != position
    return max(index - 1, 0) if is_between else index


def _character_changes(pairs: list[_Pair]) -> Mapping[str, frozenset[str]]:
    """Return the characters that are others in the file, with all that they are there."""
    found: dict[str, set[str]] = {}
    for old, real in pairs:
        if old != real:
            for one, other in zip(columns(old), columns(real), strict=True):
                if not old[one].isspace():
                    found.setdefault(old[one], set()).add(real[other])
    return {character: frozenset(real) for character, real in found.items() if real != {character}}


def _kept_share(old: str, new: str) -> float:
    """Return how much of a line is at its beginning and its end what it was, from 0 to 1."""
    return (_common(old, new) + _common(old[::-1], new[::-1])) / max(len(old), len(new))


def _end_space(line: str) -> str:
    line = line.removesuffix("\r")
    return line[len(line.rstrip()) :]


def _spaces(text: str) -> list[str]:
    return re.findall(r"\s+", text)
