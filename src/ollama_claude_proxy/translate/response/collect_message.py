"""An answer that is not streamed is the collected stream."""

from typing import Any

import msgspec

from ollama_claude_proxy.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    Event,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)


def collect_message(events: list[Event]) -> dict[str, Any]:
    """Return the message that a whole, successful answer adds up to."""
    message: dict[str, Any] = {}
    pieces: list[list[str]] = []
    for event in events:
        match event:
            case MessageStart(started):
                message = msgspec.to_builtins(started)
                message["content"] = []
            case ContentBlockStart(_, block):
                message["content"].append(msgspec.to_builtins(block))
                pieces.append([])
            case ContentBlockDelta(index, SignatureDelta(signature)):
                message["content"][index]["signature"] = signature
            case ContentBlockDelta(index, delta):
                pieces[index].append(_piece(delta))
            case MessageDelta(stop, usage):
                message |= msgspec.to_builtins(stop)
                message["usage"] = msgspec.to_builtins(usage)
            case _:
                pass
    for block, parts in zip(message.get("content", []), pieces, strict=True):
        _fill(block, "".join(parts))
    return message


def _piece(delta: TextDelta | ThinkingDelta | SignatureDelta | InputJsonDelta) -> str:
    match delta:
        case TextDelta(text) | ThinkingDelta(text) | InputJsonDelta(text):
            return text
        case SignatureDelta():
            return ""


def _fill(block: dict[str, Any], content: str) -> None:
    if block["type"] == "tool_use":
        block["input"] = msgspec.json.decode(content)
    else:
        block[block["type"]] = content
