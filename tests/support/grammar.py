"""The grammar of a streamed Anthropic answer, as a checker that knows nothing of how it was made.

message_start, then blocks opened, filled and closed one after the other with indices 0, 1, 2, …,
then message_delta and message_stop; or an `error` when no block is open, and nothing after it.
"""

import json
from typing import Any

Event = dict[str, Any]

_DELTAS = {
    "text": {"text_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
}
_STOP_REASONS = {"end_turn", "max_tokens", "stop_sequence", "tool_use"}
_TOKEN_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


def parse_sse(body: bytes) -> list[Event]:
    """Read server-sent events strictly: an `event` line, one `data` line, a blank line."""
    assert body.endswith(b"\n\n"), body[-80:]
    events = []
    for part in body[:-2].split(b"\n\n"):
        name, data = part.split(b"\n")
        assert name.startswith(b"event: "), part
        assert data.startswith(b"data: "), part
        event = json.loads(data[6:])
        assert event["type"] == name[7:].decode(), part
        events.append(event)
    return events


def check_events(events: list[Event]) -> None:
    """Raise AssertionError where a list of events breaks the grammar."""
    assert events, "no event at all"
    assert events[0]["type"] == "message_start", events[0]
    _check_started(events[0]["message"])
    rest = [event for event in events[1:] if event["type"] != "ping"]
    ending = _check_blocks(rest)
    kinds = [event["type"] for event in ending]
    assert kinds in (["message_delta", "message_stop"], ["error"]), kinds
    if kinds == ["error"]:
        assert set(ending[0]["error"]) >= {"type", "message"}, ending[0]
        assert ending[0]["error"]["message"], ending[0]
    else:
        assert ending[0]["delta"]["stop_reason"] in _STOP_REASONS, ending[0]
        _check_usage(ending[0]["usage"])


def merge(events: list[Event]) -> dict[str, Any]:
    """Give the message that checked events add up to."""
    message: dict[str, Any] = dict(events[0]["message"])
    message["content"] = []
    for event in events[1:]:
        if event["type"] == "content_block_start":
            message["content"].append(dict(event["content_block"]) | {"json": ""})
        elif event["type"] == "content_block_delta":
            _grow(message["content"][event["index"]], event["delta"])
        elif event["type"] == "message_delta":
            message |= event["delta"] | {"usage": event["usage"]}
    for block in message["content"]:
        partial = block.pop("json")
        if block["type"] == "tool_use":
            block["input"] = json.loads(partial)
    return message


def _check_started(message: dict[str, Any]) -> None:
    assert message["type"] == "message", message
    assert message["role"] == "assistant", message
    assert message["id"].startswith("msg_"), message
    assert list(message["content"]) == [], message
    assert message["stop_reason"] is None, message
    _check_usage(message["usage"])


def _check_usage(usage: dict[str, Any]) -> None:
    for name in _TOKEN_COUNTS:
        count = usage[name]
        assert isinstance(count, int), usage
        assert count >= 0, usage


def _check_blocks(events: list[Event]) -> list[Event]:
    """Check the blocks; give the events after the last of them."""
    index = 0
    while events and events[0]["type"] == "content_block_start":
        start = events[0]
        assert start["index"] == index, start
        size = next(
            (at for at, one in enumerate(events) if one["type"] == "content_block_stop"), None
        )
        assert size is not None, f"block {index} is never closed"
        assert events[size]["index"] == index, events[size]
        _check_block(start["content_block"], events[1:size], index)
        events = events[size + 1 :]
        index += 1
    return events


def _check_block(block: dict[str, Any], deltas: list[Event], index: int) -> None:
    kind = block["type"]
    for event in deltas:
        assert event["type"] == "content_block_delta", event
        assert event["index"] == index, event
        assert event["delta"]["type"] in _DELTAS[kind], event
    if kind == "text":
        assert block["text"] == "", block
        assert any(event["delta"]["text"] for event in deltas), "an empty text block"
    elif kind == "thinking":
        kinds = [event["delta"]["type"] for event in deltas]
        assert kinds[-1:] == ["signature_delta"], kinds
        assert kinds.count("signature_delta") == 1, kinds
    else:
        assert block["input"] == {}, block
        assert block["id"], block
        assert block["name"], block
        whole = "".join(event["delta"]["partial_json"] for event in deltas)
        assert isinstance(json.loads(whole), dict), whole


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            block["json"] += delta["partial_json"]
