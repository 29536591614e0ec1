"""The grammar of a streamed answer.

An answer is `message_start`, then blocks, then `message_delta` and `message_stop`; or, at any point
after `message_start`, an `error` and nothing more. Blocks are opened, filled and closed one after
the other with indices 0, 1, 2, …; at most one is open at a time. Written as a table, with the open
block as the state:

    state      text(s)           thinking(s)       tool_use(...)             close
    none       open text         open thinking     open, fill, close -> none none
    text       delta             close, open       close, open, fill, close  close -> none
    thinking   close, open       delta             close, open, fill, close  sign, close -> none

So a thinking block is signed exactly once, a call is never open between two lines, and an error can
only come when nothing is open. Clients (Claude Code, the SDKs) read a call's input from its deltas
only, and echo a thinking block's signature; ours is a digest of the text and nobody verifies it.
"""

import base64
import hashlib
from typing import Any

from ollama_claude_proxy.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    InputJsonDelta,
    SignatureDelta,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolUse,
    encode_json,
)

_NONE, _TEXT, _THINKING = 0, 1, 2


class BlockWriter:
    """Writes the blocks of one answer; every method returns the events that it takes."""

    def __init__(self) -> None:
        self._state = _NONE
        self._index = -1
        self._thought: list[str] = []

    @property
    def blocks(self) -> int:
        """How many blocks were opened so far."""
        return self._index + 1

    @property
    def in_text(self) -> bool:
        """Whether a text block is open."""
        return self._state == _TEXT

    def text(self, piece: str) -> list[Event]:
        """Write a piece of text."""
        if self._state == _TEXT:
            return [ContentBlockDelta(self._index, TextDelta(piece))]
        events = self._open(Text(), _TEXT)
        events.append(ContentBlockDelta(self._index, TextDelta(piece)))
        return events

    def thinking(self, piece: str) -> list[Event]:
        """Write a piece of thinking."""
        self._thought.append(piece)
        delta = ThinkingDelta(piece)
        if self._state == _THINKING:
            return [ContentBlockDelta(self._index, delta)]
        events = self._open(Thinking(), _THINKING)
        events.append(ContentBlockDelta(self._index, delta))
        self._thought = [piece]
        return events

    def tool_use(self, identifier: str, name: str, arguments: dict[str, Any]) -> list[Event]:
        """Write a whole call."""
        events = self._open(ToolUse(identifier, name, {}), _NONE)
        partial = InputJsonDelta(encode_json(arguments).decode())
        events.append(ContentBlockDelta(self._index, partial))
        events.append(ContentBlockStop(self._index))
        return events

    def close(self) -> list[Event]:
        """Close the open block, if there is one."""
        if self._state == _NONE:
            return []
        events: list[Event] = []
        if self._state == _THINKING:
            signature = SignatureDelta(sign("".join(self._thought)))
            events.append(ContentBlockDelta(self._index, signature))
        events.append(ContentBlockStop(self._index))
        self._state = _NONE
        return events

    def _open(self, block: Text | Thinking | ToolUse, state: int) -> list[Event]:
        events = self.close()
        self._index += 1
        self._state = state
        events.append(ContentBlockStart(self._index, block))
        return events


def sign(thought: str) -> str:
    """Give the signature of a thinking block: a digest, the same for the same text."""
    digest = hashlib.sha256(thought.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest).decode()
