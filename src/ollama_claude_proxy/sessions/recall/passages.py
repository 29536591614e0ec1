"""Texts cut into passages: pieces that can be found and read by themselves.

A passage ends where a function or a section ends, so that what is found can be read.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ollama_claude_proxy.sessions.block_text import WRITING_TOOLS
from ollama_claude_proxy.wire.blocks import Block, ToolResultBlock
from ollama_claude_proxy.wire.reminder import wrap_reminder

# Characters; about 150 tokens, a short function.
_MAX_CHARACTERS = 500
_MIN_CHARACTERS = 125
# What was said, and what a call writes, is only understood as a whole.
_MAX_WHOLE = 1500
# Brackets and line ends around a place.
_PLACE_MARKUP = 5

# A line that begins something new; tools write line numbers before it.
_SECTION_START = re.compile(
    r"(?:\s*\d+(?:→|\t|: ?))?"
    r"(?:(?:async |export |pub |public |private |static |abstract )*"
    r"(?:def|class|func|function|fn|impl|struct|interface|type|enum|trait|module|const|let|var)\b"
    r"|@\w|#{1,6} |\[[\w.\"-]+\]$|diff --git |={3,})"
)


class Passage(Struct, frozen=True):
    """A piece of a conversation: its `turn`, its `source` (the call that it is about) and its text.

    A higher `message` is newer; `is_foreign`: it is of another conversation; `is_request`: the user
    wrote it. It starts at `start` of the `whole` text that it is of.
    """

    message: int
    turn: int
    source: str
    text: str
    is_foreign: bool = False
    is_request: bool = False
    whole: str = ""
    start: int = 0

    @property
    def file(self) -> str:
        """What the source is about, without the tool's name; empty for plain messages."""
        return self.source.partition(" ")[2]

    @property
    def shown_characters(self) -> int:
        """How many characters it takes with its place before it."""
        return len(self.text.strip()) + len(_location(self)) + _PLACE_MARKUP

    @property
    def is_receipt(self) -> bool:
        """Whether it only says that something was written."""
        tool = self.source.partition(" ")[0]
        return tool.lower() in WRITING_TOOLS and not self.text.startswith(tool)


def excerpt(block: Block, text: str, start: int, length: int) -> tuple[int, str]:
    """Return a passage of a block's text and where it starts; all of what was said, if short."""
    is_whole = not isinstance(block, ToolResultBlock) and len(text) <= _MAX_WHOLE
    return (0, text) if is_whole else (start, text[start : start + length])


def format_passages(passages: Sequence[Passage]) -> str:
    """Return passages as a reminder for the model; nothing where there are none."""
    if not passages:
        return ""
    parts = [f"[{_location(passage)}]\n{passage.text.strip()}" for passage in passages]
    body = "\n\n".join(("From earlier in this conversation, found again for this turn:", *parts))
    return wrap_reminder(body)


def _location(passage: Passage) -> str:
    if not passage.turn:
        return passage.source
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
