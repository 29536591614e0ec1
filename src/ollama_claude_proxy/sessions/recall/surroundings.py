"""What a passage is part of: the function that it begins, the stack trace, or some lines around it.

Passages are as short as a short function. A question about a longer one names it at its beginning
and means a line far below, and a question about a crash names a frame and means the last line.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache, partial
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
_MAX_NAMED = 3
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
    r'\s*(?:File ".{1,200}", line \d|[ \t]+at \S|from \S.{0,200}:\d+:in )|Traceback \(most'
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
    part = _trace(passage.whole, start, end) or _definition(passage, terms)
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


def _definition(passage: Passage, names: Collection[str]) -> str:
    """Return the function or class that is among some names; `take` and `_take` are one name.

    `Pool.take`, or `take` with the name of its file, is looked for in all of the text, another name
    only where a passage begins with it.
    """
    start, end = passage.start, passage.start + len(passage.text)
    is_named = " ".join(split_terms(passage.file.rpartition("/")[2])) in names
    definitions = _definitions(passage.whole)
    named = [one for one in definitions if one.qualified in names]
    named += [one for one in definitions if start <= one.place < end and one.name in names]
    if is_named and not named:
        named = sorted(
            (one for one in definitions if one.name in names),
            key=lambda one: -one.name.count(" "),  # a part of a name may be another's name
        )
    texts = dict.fromkeys(map(partial(_body, passage.whole), named[:_MAX_NAMED]))
    return "\n".join(texts)


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


def _body(whole: str, definition: _Definition) -> str:
    """Return a definition: it ends where a line is indented no more than its first one."""
    lines = whole[definition.place : definition.place + _MAX_FOLLOWED].splitlines()
    for number, line in enumerate(lines[1:], 1):
        match = _INDENTED.match(line)
        begins = match is not None and match[2] and match[2] not in _CLOSING
        if match and begins and len(match[1].expandtabs()) <= definition.indentation:
            return "\n".join(lines[:number])
    return "\n".join(lines)


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
