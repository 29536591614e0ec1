"""The checker of streamed answers accepts every valid answer, and nothing else."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from support.stream_grammar import Event, check_events, merge, parse_sse

USAGE = {
    "input_tokens": 9,
    "output_tokens": 3,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
}
START: Event = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    },
}
PING: Event = {"type": "ping"}
STOP: Event = {"type": "message_stop"}
ERROR: Event = {"type": "error", "error": {"type": "api_error", "message": "It broke."}}
THINKING = {"type": "thinking", "thinking": "", "signature": ""}
TEXT = {"type": "text", "text": ""}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {}}


def block_start(index: int, block: dict[str, Any]) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, kind: str, value: str) -> Event:
    field = {"input_json_delta": "partial_json"}.get(kind, kind.removesuffix("_delta"))
    delta = {"type": kind, field: value}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def block_stop(index: int) -> Event:
    return {"type": "content_block_stop", "index": index}


def message_delta(reason: str, sequence: str | None = None, **usage: Any) -> Event:
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    return {"type": "message_delta", "delta": delta, "usage": USAGE | usage}


# The places that the cases below name are places in this list.
WHOLE: list[Event] = [
    START,
    block_start(0, THINKING),
    block_delta(0, "thinking_delta", "Hm"),
    block_delta(0, "signature_delta", "sig"),
    block_stop(0),
    PING,
    block_start(1, TEXT),
    block_delta(1, "text_delta", "Hel"),
    PING,
    block_delta(1, "text_delta", "lo"),
    block_stop(1),
    block_start(2, CALL),
    block_delta(2, "input_json_delta", '{"path":'),
    block_delta(2, "input_json_delta", '"/x"}'),
    block_stop(2),
    message_delta("tool_use", output_tokens=7),
    STOP,
]
RIGHT: dict[str, list[Event]] = {
    "thinking, text and a call": WHOLE,
    "no block": [START, message_delta("end_turn"), STOP],
    "a stop sequence": [START, message_delta("stop_sequence", "END"), STOP],
    "pings only": [START, PING, PING, message_delta("max_tokens"), PING, STOP],
    "an error at once": [START, PING, ERROR],
    "an error after a block": [*WHOLE[:11], ERROR],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_valid_answer_passes(name: str) -> None:
    check_events(RIGHT[name])


def test_the_events_add_up_to_their_message() -> None:
    message = merge(WHOLE)
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "text", "text": "Hello"},
        CALL | {"input": {"path": "/x"}},
    ]
    assert message["stop_reason"] == "tool_use"
    assert message["usage"]["output_tokens"] == 7
    assert WHOLE[0]["message"]["content"] == []


def with_events(index: int, *events: Event, instead_of: int = 1) -> list[Event]:
    """Return the whole answer with other events at a place."""
    return [*WHOLE[:index], *events, *WHOLE[index + instead_of :]]


def with_change(index: int, change: Callable[[Event], Any]) -> list[Event]:
    """Return the whole answer with one event changed."""
    events = copy.deepcopy(WHOLE)
    change(events[index])
    return events


SECOND_CALL = [block_start(3, CALL), block_delta(3, "input_json_delta", "{}"), block_stop(3)]
WRONG: dict[str, list[Event]] = {
    "nothing": [],
    "a ping before the start": [PING, *WHOLE],
    "no start": WHOLE[1:],
    "two starts": with_events(0, START, START),
    "a start with content": with_change(0, lambda event: event["message"]["content"].append(TEXT)),
    "a start that has already stopped": with_change(
        0, lambda event: event["message"].update(stop_reason="end_turn")
    ),
    "a start without usage": with_change(0, lambda event: event["message"].pop("usage")),
    "an index too high": with_change(6, lambda event: event.update(index=2)),
    "a delta of another index": with_change(7, lambda event: event.update(index=0)),
    "a stop of another index": with_change(10, lambda event: event.update(index=0)),
    "a block opened within a block": with_events(7, block_start(2, CALL), instead_of=0),
    "a block never closed": with_events(14),
    "a block closed twice": with_events(10, block_stop(1), block_stop(1)),
    "a delta without a block": with_events(6, block_delta(1, "text_delta", "Hel")),
    "a delta after the block": with_events(10, block_stop(1), block_delta(1, "text_delta", "x")),
    "a delta of another kind": with_events(7, block_delta(1, "input_json_delta", "{}")),
    "a delta without its field": with_change(7, lambda event: event["delta"].pop("text")),
    "an unknown block": with_change(6, lambda event: event["content_block"].update(type="image")),
    "an unknown event": with_events(5, {"type": "hello"}),
    "text within its start": with_change(
        6, lambda event: event["content_block"].update(text="Hel")
    ),
    "a text block without text": with_events(7, instead_of=3),
    "thinking without a signature": with_events(3),
    "thinking after its signature": with_events(
        4, block_delta(0, "thinking_delta", "Hm"), block_stop(0)
    ),
    "an empty signature": with_events(3, block_delta(0, "signature_delta", "")),
    "an input within its start": with_change(
        11, lambda event: event["content_block"].update(input={"path": "/x"})
    ),
    "a call without a name": with_change(11, lambda event: event["content_block"].update(name="")),
    "a call without an id": with_change(11, lambda event: event["content_block"].pop("id")),
    "a call without input": with_events(12, instead_of=2),
    "a call with half an input": with_events(13),
    "a call whose input is a list": with_events(
        12, block_delta(2, "input_json_delta", "[]"), instead_of=2
    ),
    "two calls of one id": with_events(15, *SECOND_CALL, instead_of=0),
    "a stop for a call that is not there": with_events(11, instead_of=4),
    "a stop reason of its own": with_events(15, message_delta("done")),
    "a stop sequence without its words": with_events(15, message_delta("stop_sequence")),
    "words of a stop sequence for another reason": with_events(
        15, message_delta("tool_use", "END")
    ),
    "a count that is no number": with_events(15, message_delta("tool_use", output_tokens="3")),
    "a count that is true": with_events(15, message_delta("tool_use", output_tokens=True)),
    "a count below nought": with_events(15, message_delta("tool_use", input_tokens=-1)),
    "no message_delta": with_events(15),
    "no message_stop": with_events(16),
    "two ends": with_events(16, STOP, STOP),
    "a ping after the end": [*WHOLE, PING],
    "an error after the end": [*WHOLE, ERROR],
    "an error in an open block": [*WHOLE[:8], ERROR],
    "an error between the two ends": [*WHOLE[:16], ERROR],
    "more after an error": [*WHOLE[:11], ERROR, *WHOLE[15:]],
    "an error before the start": [ERROR],
    "an error without words": [START, {"type": "error", "error": {"type": "api_error"}}],
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_answer_fails(name: str) -> None:
    with pytest.raises(AssertionError):
        check_events(WRONG[name])


def sse_bytes(events: list[Event]) -> bytes:
    parts = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return "".join(parts).encode()


def test_events_are_read_back_as_written() -> None:
    assert parse_sse(sse_bytes(WHOLE)) == WHOLE


UNREADABLE = {
    "nothing": b"",
    "no blank line at the end": b'event: ping\ndata: {"type":"ping"}\n',
    "no event line": b'data: {"type":"ping"}\n\n',
    "the lines the other way round": b'data: {"type":"ping"}\nevent: ping\n\n',
    "another name than type": b'event: pong\ndata: {"type":"ping"}\n\n',
    "two data lines": b'event: ping\ndata: {"type":\ndata: "ping"}\n\n',
    "no space": b'event:ping\ndata:{"type":"ping"}\n\n',
    "half a JSON": b'event: ping\ndata: {"type":"ping"\n\n',
    "no object": b'event: ping\ndata: "ping"\n\n',
    "carriage returns": b'event: ping\r\ndata: {"type":"ping"}\r\n\r\n',
    "too many blank lines": b'event: ping\ndata: {"type":"ping"}\n\n\n\n',
    "an OpenAI ending": b'event: ping\ndata: {"type":"ping"}\n\ndata: [DONE]\n\n',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_invalid_event_is_refused(name: str) -> None:
    with pytest.raises(AssertionError):
        parse_sse(UNREADABLE[name])
