"""The checker of streamed answers lets every right one through, and nothing else."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from support.grammar import Event, check_events, merge, parse_sse

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


def opened(index: int, block: dict[str, Any]) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def filled(index: int, kind: str, value: str) -> Event:
    field = {"input_json_delta": "partial_json"}.get(kind, kind.removesuffix("_delta"))
    delta = {"type": kind, field: value}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def closed(index: int) -> Event:
    return {"type": "content_block_stop", "index": index}


def ended(reason: str, sequence: str | None = None, **usage: Any) -> Event:
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    return {"type": "message_delta", "delta": delta, "usage": USAGE | usage}


# The places that the cases below name are places in this list.
WHOLE: list[Event] = [
    START,
    opened(0, THINKING),
    filled(0, "thinking_delta", "Hm"),
    filled(0, "signature_delta", "sig"),
    closed(0),
    PING,
    opened(1, TEXT),
    filled(1, "text_delta", "Hel"),
    PING,
    filled(1, "text_delta", "lo"),
    closed(1),
    opened(2, CALL),
    filled(2, "input_json_delta", '{"path":'),
    filled(2, "input_json_delta", '"/x"}'),
    closed(2),
    ended("tool_use", output_tokens=7),
    STOP,
]
RIGHT: dict[str, list[Event]] = {
    "thinking, text and a call": WHOLE,
    "no block": [START, ended("end_turn"), STOP],
    "a stop sequence": [START, ended("stop_sequence", "END"), STOP],
    "pings only": [START, PING, PING, ended("max_tokens"), PING, STOP],
    "an error at once": [START, PING, ERROR],
    "an error after a block": [*WHOLE[:11], ERROR],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(name: str) -> None:
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


def at(place: int, *events: Event, instead_of: int = 1) -> list[Event]:
    """Give the whole answer with other events at a place."""
    return [*WHOLE[:place], *events, *WHOLE[place + instead_of :]]


def changed(place: int, change: Callable[[Event], Any]) -> list[Event]:
    """Give the whole answer with one event changed."""
    events = copy.deepcopy(WHOLE)
    change(events[place])
    return events


SECOND_CALL = [opened(3, CALL), filled(3, "input_json_delta", "{}"), closed(3)]
WRONG: dict[str, list[Event]] = {
    "nothing": [],
    "a ping before the start": [PING, *WHOLE],
    "no start": WHOLE[1:],
    "two starts": at(0, START, START),
    "a start with content": changed(0, lambda one: one["message"]["content"].append(TEXT)),
    "a start that has already stopped": changed(
        0, lambda one: one["message"].update(stop_reason="end_turn")
    ),
    "a start without usage": changed(0, lambda one: one["message"].pop("usage")),
    "an index too high": changed(6, lambda one: one.update(index=2)),
    "a delta of another index": changed(7, lambda one: one.update(index=0)),
    "a stop of another index": changed(10, lambda one: one.update(index=0)),
    "a block opened within a block": at(7, opened(2, CALL), instead_of=0),
    "a block never closed": at(14),
    "a block closed twice": at(10, closed(1), closed(1)),
    "a delta without a block": at(6, filled(1, "text_delta", "Hel")),
    "a delta after the block": at(10, closed(1), filled(1, "text_delta", "x")),
    "a delta of another kind": at(7, filled(1, "input_json_delta", "{}")),
    "a delta without its field": changed(7, lambda one: one["delta"].pop("text")),
    "an unknown block": changed(6, lambda one: one["content_block"].update(type="image")),
    "an unknown event": at(5, {"type": "hello"}),
    "text within its start": changed(6, lambda one: one["content_block"].update(text="Hel")),
    "a text block without text": at(7, instead_of=3),
    "thinking without a signature": at(3),
    "thinking after its signature": at(4, filled(0, "thinking_delta", "Hm"), closed(0)),
    "an empty signature": at(3, filled(0, "signature_delta", "")),
    "an input within its start": changed(
        11, lambda one: one["content_block"].update(input={"path": "/x"})
    ),
    "a call without a name": changed(11, lambda one: one["content_block"].update(name="")),
    "a call without an id": changed(11, lambda one: one["content_block"].pop("id")),
    "a call without input": at(12, instead_of=2),
    "a call with half an input": at(13),
    "a call whose input is a list": at(12, filled(2, "input_json_delta", "[]"), instead_of=2),
    "two calls of one id": at(15, *SECOND_CALL, instead_of=0),
    "a stop for a call that is not there": at(11, instead_of=4),
    "a stop reason of its own": at(15, ended("done")),
    "a stop sequence without its words": at(15, ended("stop_sequence")),
    "words of a stop sequence for another reason": at(15, ended("tool_use", "END")),
    "a count that is no number": at(15, ended("tool_use", output_tokens="3")),
    "a count that is true": at(15, ended("tool_use", output_tokens=True)),
    "a count below nought": at(15, ended("tool_use", input_tokens=-1)),
    "no message_delta": at(15),
    "no message_stop": at(16),
    "two ends": at(16, STOP, STOP),
    "a ping after the end": [*WHOLE, PING],
    "an error after the end": [*WHOLE, ERROR],
    "an error in an open block": [*WHOLE[:8], ERROR],
    "an error between the two ends": [*WHOLE[:16], ERROR],
    "more after an error": [*WHOLE[:11], ERROR, *WHOLE[15:]],
    "an error before the start": [ERROR],
    "an error without words": [START, {"type": "error", "error": {"type": "api_error"}}],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_does_not_pass(name: str) -> None:
    with pytest.raises(AssertionError):
        check_events(WRONG[name])


def written(events: list[Event]) -> bytes:
    parts = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return "".join(parts).encode()


def test_events_are_read_back_as_written() -> None:
    assert parse_sse(written(WHOLE)) == WHOLE


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
def test_what_is_no_event_is_not_read(name: str) -> None:
    with pytest.raises(AssertionError):
        parse_sse(UNREADABLE[name])
