"""Texts cut into passages: pieces that can be found and read by themselves.

A passage ends where a function or a section ends, so that what is found can be read.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ollama_claude_proxy.wire.reminder import wrap_reminder

# Characters; about 150 tokens, a short function.
_MAX_CHARACTERS = 500
_MIN_CHARACTERS = 125

# A line that begins something new; tools write line numbers before it.
_SECTION_START = re.compile(
    r"(?:\s*\d+(?:→|\t|: ?))?"
    r"(?:(?:async |export |pub |public |private |static |abstract )*"
    r"(?:def|class|func|function|fn|impl|struct|interface|type|enum|trait|module|const|let|var)\b"
    r"|@\w|#{1,6} |\[[\w.\"-]+\]$|diff --git |={3,})"
)


class Passage(Struct, frozen=True):
    """A piece of a conversation: its `turn`, its `source` (the call that it is about) and its text.

    A higher `message` is newer; `is_foreign`: it is of another conversation.
    """

    message: int
    turn: int
    source: str
    text: str
    is_foreign: bool = False

    @property
    def file(self) -> str:
        """What the source is about, without the tool's name; empty for plain messages."""
        return self.source.partition(" ")[2]


def format_passages(passages: Sequence[Passage]) -> str:
    """Return passages as a reminder for the model."""
    parts = [f"[{_location(passage)}]\n{passage.text.strip()}" for passage in passages]
    body = "\n\n".join(("From earlier in this conversation, found again for this turn:", *parts))
    return wrap_reminder(body)


def _location(passage: Passage) -> str:
    turn = f"turn {passage.turn}" + (" of another session here" if passage.is_foreign else "")
    return f"{turn}, {passage.source}" if passage.source else turn


def split_passages(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the length of each passage of a text, in characters."""
    start = end = 0
    for line in text.splitlines(keepends=True):
        size = end - start
        if size and (
            size + len(line) > _MAX_CHARACTERS
            or (size >= _MIN_CHARACTERS and _SECTION_START.match(line) is not None)
        ):
            yield start, size
            start = end
        end += len(line)
        while end - start > _MAX_CHARACTERS:  # one line that is longer than a passage
            yield start, _MAX_CHARACTERS
            start += _MAX_CHARACTERS
    if end > start:
        yield start, end - start
