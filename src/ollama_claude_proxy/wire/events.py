"""Anthropic's side of the wire, outbound: the events of a streamed answer.

They are built, never parsed; the encoder writes `type` first, as Anthropic does. Which sequences of
them may leave the proxy is decided by `translate/response/block_writer.py`.
"""

from typing import Any

from msgspec import Struct
from msgspec.json import Encoder


class _Event(Struct, frozen=True, tag_field="type", gc=False):
    """Anything that has a `type`; no cycle can go through it, so it needs no collector."""


class TokenUsage(Struct, frozen=True):
    """Tokens of a request; the input counts exclude each other and add up to the prompt."""

    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0


class StartedMessage(_Event, tag="message", frozen=True, gc=False):
    """The message as it is before its first block."""

    id: str
    model: str
    usage: TokenUsage
    role: str = "assistant"
    content: tuple[()] = ()
    stop_reason: None = None
    stop_sequence: None = None


class MessageStart(_Event, tag="message_start", frozen=True, gc=False):
    """The first event."""

    message: StartedMessage


class TextStart(_Event, tag="text", frozen=True, gc=False):
    """A text block as it opens."""

    text: str = ""


class ThinkingStart(_Event, tag="thinking", frozen=True, gc=False):
    """A thinking block as it opens."""

    thinking: str = ""
    signature: str = ""


class ToolUseStart(_Event, tag="tool_use", frozen=True, gc=False):
    """A call as it opens; clients read `input` from the deltas only."""

    id: str
    name: str
    input: dict[str, Any]


class ContentBlockStart(_Event, tag="content_block_start", frozen=True, gc=False):
    """Block `index` opens."""

    index: int
    content_block: TextStart | ThinkingStart | ToolUseStart


class TextDelta(_Event, tag="text_delta", frozen=True, gc=False):
    """More text."""

    text: str


class ThinkingDelta(_Event, tag="thinking_delta", frozen=True, gc=False):
    """More thinking."""

    thinking: str


class SignatureDelta(_Event, tag="signature_delta", frozen=True, gc=False):
    """The signature that ends a thinking block."""

    signature: str


class InputJsonDelta(_Event, tag="input_json_delta", frozen=True, gc=False):
    """More of a call's input, as JSON text."""

    partial_json: str


class ContentBlockDelta(_Event, tag="content_block_delta", frozen=True, gc=False):
    """Block `index` grows."""

    index: int
    delta: TextDelta | ThinkingDelta | SignatureDelta | InputJsonDelta


class ContentBlockStop(_Event, tag="content_block_stop", frozen=True, gc=False):
    """Block `index` is complete."""

    index: int


class StopDetails(Struct, frozen=True):
    """Why the answer ended, and at which of the client's stop sequences."""

    stop_reason: str
    stop_sequence: str | None = None


class MessageDelta(_Event, tag="message_delta", frozen=True, gc=False):
    """The end of the answer and what it cost."""

    delta: StopDetails
    usage: TokenUsage


class MessageStop(_Event, tag="message_stop", frozen=True, gc=False):
    """The last event."""


class Ping(_Event, tag="ping", frozen=True, gc=False):
    """Nothing happened, but the answer is still being worked on."""


class ErrorEvent(_Event, tag="error", frozen=True, gc=False):
    """The answer failed; nothing follows."""

    error: dict[str, Any]


Event = (
    MessageStart
    | ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent
)

encode_json = Encoder().encode
