"""The grammar of a streamed Anthropic answer, as a checker that knows nothing of how it was made.

message_start, then blocks opened, filled and closed one after the other with indices 0, 1, 2, …,
then message_delta and message_stop; or an `error` when no block is open, and nothing after it.
A `ping` may stand anywhere between the first event and the last.
"""

import json
from typing import Any

Event = dict[str, Any]

_DELTAS = {
    "text": {"text_delta": "text"},
    "thinking": {"thinking_delta": "thinking", "signature_delta": "signature"},
    "tool_use": {"input_json_delta": "partial_json"},
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
        lines = part.split(b"\n")
        assert len(lines) == 2, part
        name, data = lines
        assert name.startswith(b"event: "), part
        assert data.startswith(b"data: "), part
        event = _json(data[6:].decode())
        assert isinstance(event, dict), part
        assert event.get("type") == name[7:].decode(), part
        events.append(event)
    return events


def check_events(events: list[Event]) -> None:
    """Raise AssertionError where a list of events breaks the grammar."""
    assert events, "no event at all"
    assert events[0]["type"] == "message_start", events[0]
    assert events[-1]["type"] in {"message_stop", "error"}, events[-1]
    _check_started(events[0]["message"])
    rest = [event for event in events[1:] if event["type"] != "ping"]
    blocks, ending = _check_blocks(rest)
    kinds = [event["type"] for event in ending]
    assert kinds in (["message_delta", "message_stop"], ["error"]), kinds
    if kinds == ["error"]:
        assert ending[0].get("error", {}).get("type"), ending[0]
        assert ending[0]["error"].get("message"), ending[0]
    else:
        _check_ended(ending[0], blocks)


def merge(events: list[Event]) -> dict[str, Any]:
    """Return the message that checked events add up to."""
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
    assert message.get("type") == "message", message
    assert message.get("role") == "assistant", message
    assert isinstance(message.get("model"), str), message
    assert str(message.get("id")).startswith("msg_"), message
    assert not message.get("content", "missing"), message
    assert message.get("stop_reason", "") is None, message
    _check_usage(message.get("usage"))


def _check_ended(event: Event, blocks: list[dict[str, Any]]) -> None:
    reason = event.get("delta", {}).get("stop_reason")
    assert reason in _STOP_REASONS, event
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    assert len(set(calls)) == len(calls), f"one id for two calls: {calls}"
    assert calls or reason != "tool_use", "stopped for a call that is not there"
    assert (reason == "stop_sequence") == bool(event["delta"].get("stop_sequence")), event
    _check_usage(event.get("usage"))


def _check_usage(usage: Any) -> None:
    assert isinstance(usage, dict), usage
    for name in _TOKEN_COUNTS:
        assert type(usage.get(name)) is int, usage
        assert usage[name] >= 0, usage


def _check_blocks(events: list[Event]) -> tuple[list[dict[str, Any]], list[Event]]:
    """Check the blocks; return how they were opened, and the events after the last of them."""
    blocks: list[dict[str, Any]] = []
    while events and events[0]["type"] == "content_block_start":
        index, start = len(blocks), events[0]
        assert start["index"] == index, start
        size = next(
            (at for at, one in enumerate(events) if one["type"] == "content_block_stop"), None
        )
        assert size is not None, f"block {index} is never closed"
        assert events[size]["index"] == index, events[size]
        _check_block(start["content_block"], events[1:size], index)
        blocks.append(start["content_block"])
        events = events[size + 1 :]
    return blocks, events


def _check_block(block: dict[str, Any], events: list[Event], index: int) -> None:
    kind = block["type"]
    assert kind in _DELTAS, block
    for event in events:
        assert event["type"] == "content_block_delta", event
        assert event["index"] == index, event
        delta = event["delta"]
        assert delta["type"] in _DELTAS[kind], event
        assert isinstance(delta.get(_DELTAS[kind][delta["type"]]), str), event
    deltas = [event["delta"] for event in events]
    {"text": _check_text, "thinking": _check_thinking, "tool_use": _check_call}[kind](block, deltas)


def _check_text(block: dict[str, Any], deltas: list[dict[str, Any]]) -> None:
    assert block.get("text") == "", block
    assert any(delta["text"] for delta in deltas), "an empty text block"


def _check_thinking(block: dict[str, Any], deltas: list[dict[str, Any]]) -> None:
    assert block.get("thinking") == "", block
    kinds = [delta["type"] for delta in deltas]
    assert kinds[-1:] == ["signature_delta"], kinds
    assert kinds.count("signature_delta") == 1, kinds
    assert deltas[-1]["signature"], "an empty signature"


def _check_call(block: dict[str, Any], deltas: list[dict[str, Any]]) -> None:
    assert block.get("input") == {}, block
    assert block.get("id"), block
    assert block.get("name"), block
    whole = "".join(delta["partial_json"] for delta in deltas)
    assert isinstance(_json(whole), dict), whole


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise AssertionError(f"no JSON: {text!r}") from error


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
