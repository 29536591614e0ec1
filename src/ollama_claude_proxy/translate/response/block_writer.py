"""The grammar of a streamed answer.

An answer is `message_start`, then blocks, then `message_delta` and `message_stop`; or, at any point
after `message_start`, an `error` and nothing more. Blocks are opened, filled and closed one after
the other with indices 0, 1, 2, …; at most one is open at a time, and the open block is the state of
the writer. `TRANSITIONS` is the whole grammar: for each state and each thing that is written, the
actions to take and the state that follows.

So a thinking block is signed exactly once, a call is never open between two chunks, and an error
can only come when nothing is open. Clients (Claude Code, the SDKs) read a call's input from its
deltas only, and echo a thinking block's signature; the proxy's is a digest of the text, which
nothing verifies.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from ollama_claude_proxy.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    InputJsonDelta,
    SignatureDelta,
    TextDelta,
    TextStart,
    ThinkingDelta,
    ThinkingStart,
    ToolUseStart,
    encode_json,
)

State = Literal["none", "text", "thinking"]
Written = Literal["text", "thinking", "tool_use", "end"]
Action = Literal["open", "fill", "sign", "close"]

TRANSITIONS: Mapping[tuple[State, Written], tuple[tuple[Action, ...], State]] = {
    ("none", "text"): (("open", "fill"), "text"),
    ("none", "thinking"): (("open", "fill"), "thinking"),
    ("none", "tool_use"): (("open", "fill", "close"), "none"),
    ("none", "end"): ((), "none"),
    ("text", "text"): (("fill",), "text"),
    ("text", "thinking"): (("close", "open", "fill"), "thinking"),
    ("text", "tool_use"): (("close", "open", "fill", "close"), "none"),
    ("text", "end"): (("close",), "none"),
    ("thinking", "text"): (("sign", "close", "open", "fill"), "text"),
    ("thinking", "thinking"): (("fill",), "thinking"),
    ("thinking", "tool_use"): (("sign", "close", "open", "fill", "close"), "none"),
    ("thinking", "end"): (("sign", "close"), "none"),
}

_TEXT_START, _THINKING_START = TextStart(), ThinkingStart()

_Start = TextStart | ThinkingStart | ToolUseStart
_Delta = TextDelta | ThinkingDelta | InputJsonDelta


class BlockWriter:
    """Writes the blocks of one answer; every method returns the events to send."""

    def __init__(self) -> None:
        self._state: State = "none"
        self._index = -1
        self._thoughts: list[str] = []

    @property
    def count(self) -> int:
        """How many blocks were opened so far."""
        return self._index + 1

    @property
    def in_text(self) -> bool:
        """Whether a text block is open."""
        return self._state == "text"

    def write_text(self, piece: str) -> list[Event]:
        """Write a piece of text."""
        return self._write("text", _TEXT_START, TextDelta(piece))

    def write_thinking(self, piece: str) -> list[Event]:
        """Write a piece of thinking."""
        events = self._write("thinking", _THINKING_START, ThinkingDelta(piece))
        self._thoughts.append(piece)
        return events

    def write_tool_use(self, call_id: str, name: str, arguments: dict[str, Any]) -> list[Event]:
        """Write a whole call."""
        delta = InputJsonDelta(encode_json(arguments).decode())
        return self._write("tool_use", ToolUseStart(call_id, name, {}), delta)

    def close(self) -> list[Event]:
        """Close the open block, if there is one."""
        return self._write("end", None, None)

    def _write(self, written: Written, start: _Start | None, delta: _Delta | None) -> list[Event]:
        actions, self._state = TRANSITIONS[self._state, written]
        events: list[Event] = []
        for action in actions:
            if action == "fill" and delta is not None:
                events.append(ContentBlockDelta(self._index, delta))
            elif action == "open" and start is not None:
                self._index += 1
                events.append(ContentBlockStart(self._index, start))
            elif action == "sign":
                signature, self._thoughts = sign("".join(self._thoughts)), []
                events.append(ContentBlockDelta(self._index, SignatureDelta(signature)))
            else:
                events.append(ContentBlockStop(self._index))
        return events


def sign(thoughts: str) -> str:
    """Return the signature of a thinking block: a digest, the same for the same text."""
    digest = hashlib.sha256(thoughts.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest).decode()
