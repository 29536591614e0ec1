"""What a passage is part of: the function that it begins, the stack trace, or some lines around it.

Passages are as short as a short function. A question about a longer one names it at its beginning
and means a line far below, and a question about a crash names a frame and means the last line.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.search_terms import split_terms
from ollama_claude_proxy.sessions.recall.snippets import telling_lines

# Characters of lines before a passage, and of those behind it: there it goes on.
_MARGIN, _MARGIN_BEHIND = 200, 500
# How far a function and a trace are followed, and how much of one is shown, in characters.
_MAX_FOLLOWED = 20_000
# Characters of a text in which definitions are looked for.
_MAX_SEARCHED = 400_000
_MAX_CACHED = 4
_MAX_SHOWN = 2000
_MAX_TRACE_LINES = 60
# A line number as tools write it before a line.
_NUMBER = r"(?:[ ]*\d+(?:→|\t|: ?))?"
_DEFINITION = re.compile(
    rf"^{_NUMBER}([ \t]*)(?:(?:async|export|default|pub|public|private|protected|static|abstract"
    r"|final|override|suspend|internal)[ ]+){0,4}"
    r"(?:def|class|func|function|fn|fun|impl|struct|interface|type|enum|trait|module|sub)[ ]+"
    r"(?:\([^)\n]{0,60}\)[ ]*)?(\w{1,80})",
    re.MULTILINE,
)
_INDENTED = re.compile(rf"{_NUMBER}([ \t]*)(\S?)")
_CLOSING = frozenset(")]}")
_FRAME = re.compile(
    r'\s*(?:File ".{1,200}", line \d|at \S|from \S.{0,200}:\d+:in )|Traceback \(most'
)
_TRACE_LINE = re.compile(r"\s+\S|Traceback \(most|\s*$")


class _Definition(NamedTuple):
    """Where a function or class begins, its name, and that with the name of what it is in."""

    place: int
    indentation: int
    name: str
    qualified: str


def enclosing(passage: Passage, terms: Mapping[str, float], max_characters: int) -> str:
    """Return the stack trace that a passage is of, or the function that a question names in it.

    Of a long one there are its ends and the lines with the weighted terms of the question.
    Where there is neither it is empty.
    """
    if not _is_part(passage):
        return ""
    start, end = passage.start, passage.start + len(passage.text)
    part = _trace(passage.whole, start, end) or _definition(passage.whole, start, end, terms)
    return telling_lines(part, terms, min(max_characters, _MAX_SHOWN))


def lines_around(passage: Passage) -> str:
    """Return a passage with some lines before and more behind it: there it goes on."""
    if not _is_part(passage):
        return passage.text
    whole, start, end = passage.whole, passage.start, passage.start + len(passage.text)
    begin = whole.rfind("\n", 0, max(start - _MARGIN, 0)) + 1
    stop = whole.find("\n", end + _MARGIN_BEHIND)
    if stop < 0 and len(whole) <= end + 2 * _MARGIN_BEHIND:
        stop = len(whole)
    is_near = end <= stop <= end + 2 * _MARGIN_BEHIND
    return whole[begin if start - begin <= 2 * _MARGIN else start : stop if is_near else end]


def _is_part(passage: Passage) -> bool:
    return len(passage.text) < len(passage.whole)


def _definition(whole: str, start: int, end: int, names: Collection[str]) -> str:
    """Return the function or class that is among some names; it ends where its indentation does.

    `Pool.take` is looked for in all of the text, a name alone only where a passage begins with it.
    """
    definitions = _definitions(whole)
    named = [one for one in definitions if one.qualified in names]
    named += [one for one in definitions if start <= one.place < end and one.name in names]
    if not named:
        return ""
    lines = whole[named[0].place : named[0].place + _MAX_FOLLOWED].splitlines()
    return "\n".join(_body(lines, named[0].indentation))


@lru_cache(_MAX_CACHED)
def _definitions(text: str) -> Sequence[_Definition]:
    """Return the functions and classes of a text; several passages are of the same one."""
    outer: list[_Definition] = []
    found: list[_Definition] = []
    for match in _DEFINITION.finditer(text[:_MAX_SEARCHED]):
        name, indentation = " ".join(split_terms(match[2])), len(match[1].expandtabs())
        while outer and outer[-1].indentation >= indentation:
            outer.pop()
        qualified = f"{outer[-1].name} {name}" if outer else ""
        outer.append(_Definition(match.start(), indentation, name, qualified))
        found.append(outer[-1])
    return found


def _body(lines: Sequence[str], indentation: int) -> Iterator[str]:
    yield lines[0]
    for line in lines[1:]:
        match = _INDENTED.match(line)
        if match and match[2] and len(match[1].expandtabs()) <= indentation:
            if match[2] in _CLOSING:
                yield line
                continue
            break
        yield line


def _trace(whole: str, start: int, end: int) -> str:
    """Return the stack trace that a passage is of, with the error before or behind it."""
    if not any(map(_FRAME.match, whole[start:end].splitlines())):
        return ""
    before = whole[max(start - _MAX_FOLLOWED, 0) : start].splitlines()[::-1]
    within = whole[start:end].splitlines()
    behind = whole[end : end + _MAX_FOLLOWED].splitlines()
    above = list(_trace_lines(before)) if _TRACE_LINE.match(within[0]) else []
    below = list(_trace_lines(behind)) if _TRACE_LINE.match(within[-1]) else []
    return "\n".join((*above[::-1], *within, *below))


def _trace_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a trace, and the first one that is not indented: it names the error."""
    for line in lines[:_MAX_TRACE_LINES]:
        yield line
        if not _TRACE_LINE.match(line):
            break
