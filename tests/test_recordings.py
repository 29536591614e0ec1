"""Recorded streams of a real Ollama and recorded turns of the real client go through the proxy."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_answers import go_json, recorded_answer
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.recordings import chat_transcripts, replays, successive_turns
from support.stream_grammar import check_events, merge, parse_sse


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOllama]:
    """One for all: a thousand recordings need no thousand servers."""
    with FakeOllama() as ollama:
        ollama.count = lambda _body: 1000
        yield ollama


@pytest.fixture(scope="module")
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url, second_chances=0) as running:
        yield running


CHATS = chat_transcripts()
TURNS = successive_turns()


# What Ollama passed on as text, or lost, and is a call all the same.
READ_HERE = {
    "go-logprobs-lost": "WebSearch",
    "glm-json": "Read",
    "go-bare": "Read",
    "go-fence": "Read",
    "gothink-call-in-think": "Read",
    "lfm-bare": "Read",
    "nat-bare": "Read",
    "nat-fence": "Read",
    "nat-odd": "Read",
    "pass-call": "Read",
    "q3c-no-wrapper": "Bash",
    "qwen3-bare": "Read",
}


def tools_of(transcript: dict[str, Any]) -> list[dict[str, Any]]:
    offered = transcript["request"].get("tools") or []
    functions = [
        function["function"] for function in offered if isinstance(function.get("function"), dict)
    ]
    return [
        {"name": function["name"], "input_schema": {}}
        for function in functions
        if function.get("name")
    ]


def recorded_content(transcript: dict[str, Any]) -> tuple[str, list[dict[str, Any]], bool]:
    """Return the text and the calls of a recording, and whether it ended well."""
    text, calls, well = "", list[dict[str, Any]](), False
    for raw in transcript["body_lines"]:
        line = json.loads(raw)
        message = line.get("message", {})
        text += message.get("content", "")
        calls += [call["function"] for call in message.get("tool_calls", [])]
        well = bool(line.get("done")) and "error" not in line
        if well and line.get("done_reason") == "length":
            calls.clear()
    return text, calls, well


@pytest.mark.parametrize("how", ["line by line", "byte by byte", "at once"])
@pytest.mark.parametrize(
    "name", [name for name, transcript in CHATS.items() if transcript["status"] == 200]
)
def test_every_recorded_stream_keeps_the_grammar_and_its_text(
    fake: FakeOllama, proxy: Proxy, name: str, how: str
) -> None:
    transcript = CHATS[name]
    chunk = 1 if how == "byte by byte" else 0
    fake.script(recorded_answer(transcript, chunk_size=chunk, in_one_write=how == "at once"))
    reply = proxy.create_message(
        stream=True,
        tools=tools_of(transcript),
        model="qwen3.5:9b",
        thinking={"type": "adaptive"},
    )
    events = parse_sse(reply.content)
    check_events(events)
    if events[-1]["type"] == "error":
        return
    text, calls, well = recorded_content(transcript)
    assert well
    blocks = merge(events)["content"]
    call_names = [block["name"] for block in blocks if block["type"] == "tool_use"]
    if name in READ_HERE:
        assert call_names == [READ_HERE[name]]
        return
    offered = {tool["name"] for tool in tools_of(transcript)}
    assert call_names == [call["name"] for call in calls if offered and call["name"]]
    shown_text = "".join(block["text"] for block in blocks if block["type"] == "text")
    for call in calls:
        if not (offered and call["name"]):  # it comes as text
            text += go_json({"name": call["name"], "arguments": call["arguments"]})
    assert shown_text.split() == text.split()


REFUSED = [name for name, transcript in CHATS.items() if transcript["status"] != 200]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", REFUSED)
def test_every_recorded_refusal_is_an_error_that_the_client_does_not_hide(
    fake: FakeOllama, proxy: Proxy, name: str, *, stream: bool
) -> None:
    fake.script(recorded_answer(CHATS[name]))
    reply = proxy.create_message(stream=stream)
    error = reply.json()["error"]
    visible = (
        reply.status_code in {429, 502, 503, 529}
        or error["type"] == "policy_blocked"
        or error["message"].startswith("prompt is too long: ")
    )
    assert visible, reply.text
    assert len(error["message"]) > 20


def test_the_exact_numbers_of_an_overflow_reach_the_client(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(recorded_answer(CHATS["go-over-notrunc"]))
    reply = proxy.create_message()
    assert reply.status_code == 400
    assert reply.json()["error"] == {
        "type": "invalid_request_error",
        "message": "prompt is too long: 628 tokens > 511 maximum",
    }


@pytest.mark.parametrize("replay", replays(), ids=lambda replay: replay["file"])
def test_every_recorded_request_is_answered(proxy: Proxy, replay: dict[str, Any]) -> None:
    reply = proxy.client.post(
        replay["target"], json=replay["body"], headers=dict(replay["headers"])
    )
    assert reply.status_code == 200
    if "count_tokens" in replay["target"]:
        assert reply.json()["input_tokens"] > 0
    elif replay["body"].get("stream"):
        check_events(parse_sse(reply.content))


def prompt_of(fake: FakeOllama, proxy: Proxy, body: dict[str, Any], model: str) -> bytes:
    """Send a recorded request; return Ollama's body up to the end of its messages."""
    fake.script(answer("Ok."))
    assert proxy.create_message(**body | {"model": model, "stream": False}).status_code == 200
    raw = [request for request in fake.requests if request.path == "/api/chat"][-1].raw
    return raw[: raw.index(b'],"options":')]


def test_the_recordings_contain_enough_successive_turns() -> None:
    assert len(TURNS) >= 50


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn[0])
def test_each_turn_begins_with_the_bytes_of_the_turn_before(
    fake: FakeOllama, proxy: Proxy, turn: tuple[str, dict[str, Any], dict[str, Any]]
) -> None:
    _, before, after = turn
    earlier = prompt_of(fake, proxy, before, "qwen3-coder:30b")
    assert prompt_of(fake, proxy, after, "qwen3-coder:30b").startswith(earlier)


def test_the_fake_writes_what_a_real_ollama_writes() -> None:
    for transcript in CHATS.values():
        for line in transcript["body_lines"]:
            if transcript["status"] == 200:
                assert go_json(json.loads(line)) == line
