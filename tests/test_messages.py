"""The messages endpoint over HTTP, with the SDK as a strict reader."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import pytest

from support.fake_ollama import Call, Done, FakeOllama, Pause, Thinking, WaitFor, answer
from support.proxy import Proxy
from support.raw_http_client import RawHttpClient
from support.stream_grammar import check_events, merge, parse_sse
from support.timeouts import HANG_SECONDS

TOOL: Any = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}},
}
QUESTION: Any = [{"role": "user", "content": "Read /a"}]


@pytest.fixture
def sdk(proxy: Proxy) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=proxy.url,
        auth_token="x",
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


ANSWERS = {
    "text": (answer("Hel", "lo"), [("text", "Hello")], "end_turn"),
    "a call": (
        answer("I'll look.", Call("Read", {"file_path": "/a", "n": [1, {"x": "<é>"}]})),
        [("text", "I'll look."), ("tool_use", {"file_path": "/a", "n": [1, {"x": "<é>"}]})],
        "tool_use",
    ),
    "thinking": (
        answer(Thinking("Hm"), Thinking("m."), "Yes."),
        [("thinking", "Hmm."), ("text", "Yes.")],
        "end_turn",
    ),
    "nothing": (answer(Done(tokens=1)), [], "end_turn"),
    "cut off": (answer("Hel", Done("length")), [("text", "Hel")], "max_tokens"),
    "bytes": (
        answer("Grüße 🦙", "\u2028 数据", chunk_size=1),
        [("text", "Grüße 🦙\u2028 数据")],
        "end_turn",
    ),
}


def content(message: Any) -> list[tuple[str, Any]]:
    keys = {"text": "text", "thinking": "thinking", "tool_use": "input"}
    return [(block.type, getattr(block, keys[block.type])) for block in message.content]


@pytest.mark.parametrize("model", ["qwen3.5:9b", "gpt-oss:20b"])
@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_sdk_reads_every_kind_of_answer(
    fake: FakeOllama, sdk: anthropic.Anthropic, kind: str, model: str, *, stream: bool
) -> None:
    scripted, expected, stop_reason = ANSWERS[kind]
    fake.script(scripted)
    request: Any = {
        "model": model,
        "max_tokens": 2000,
        "messages": QUESTION,
        "tools": [TOOL],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    if stream:
        with sdk.messages.stream(**request) as events:
            message: Any = events.get_final_message()
            request_id = events.response.headers["request-id"]
    else:
        message = sdk.messages.create(**request)
        request_id = message._request_id
    assert content(message) == expected
    assert message.stop_reason == stop_reason
    assert message.usage.input_tokens > 0
    assert request_id.startswith("req_")


def test_call_ids_are_never_used_twice(fake: FakeOllama, proxy: Proxy) -> None:
    fake.respond = lambda _body: answer(Call("Read", {}), Call("Read", {}))
    answers = [proxy.create_message(tools=[TOOL]).json() for _ in range(5)]
    identifiers = [block["id"] for message in answers for block in message["content"]]
    assert len(set(identifiers)) == 10


def test_a_tool_result_is_sent_to_ollama_with_the_name_of_its_tool(
    fake: FakeOllama, proxy: Proxy
) -> None:
    fake.script(answer(Call("Read", {"file_path": "/a"})))
    native = "my-qwen-gguf:7b"
    call = proxy.create_message(model=native, tools=[TOOL], messages=QUESTION).json()["content"][0]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "line one"}
    proxy.create_message(
        model=native,
        tools=[TOOL],
        messages=[
            *QUESTION,
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    )
    sent = fake.chats[-1]["messages"]
    assert sent[1]["tool_calls"][0]["function"] == {
        "name": "Read",
        "arguments": {"file_path": "/a"},
    }
    assert sent[2]["tool_name"] == "Read"
    assert sent[2]["content"] == "line one"


def test_every_call_carries_the_same_window_and_forbids_silent_cuts(
    fake: FakeOllama, proxy: Proxy
) -> None:
    proxy.create_message()
    proxy.create_message(max_tokens=7)
    assert [chat["options"]["num_ctx"] for chat in fake.chats] == [32768, 32768]
    assert [chat["truncate"] for chat in fake.chats] == [False, False]
    assert fake.chats[1]["options"]["num_predict"] == 7


def test_a_stop_sequence_is_reported_and_ends_the_generation(
    fake: FakeOllama, proxy: Proxy
) -> None:
    never = threading.Event()
    fake.script(answer("one ", "ST", "OP two", WaitFor(never)))
    reply = proxy.create_message(stop_sequences=["STOP"]).json()
    assert reply["content"] == [{"type": "text", "text": "one "}]
    assert (reply["stop_reason"], reply["stop_sequence"]) == ("stop_sequence", "STOP")
    fake.wait_for(lambda: fake.disconnects == 1)


@pytest.mark.parametrize(
    ("requested", "answers"),
    [
        ("claude-opus-5-5", "qwen2.5-coder:7b"),
        ("no-such-model", "qwen2.5-coder:7b"),
        ("qwen3-coder:30b", "qwen3-coder:30b"),
        ("claude-qwen3-coder-30b", "qwen3-coder:30b"),
        ("nomic-embed-text", "nomic-embed-text:latest"),
    ],
)
def test_every_model_name_has_an_answer(
    fake: FakeOllama, proxy: Proxy, requested: str, answers: str
) -> None:
    reply = proxy.create_message(model=requested)
    assert fake.chats[-1]["model"] == answers
    assert reply.headers["x-ocp-model"] == answers
    assert reply.json()["model"] == requested


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages?beta=true", "/v1/v1/messages"])
def test_a_base_url_that_ends_in_v1_works_too(proxy: Proxy, path: str) -> None:
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
    assert proxy.client.post(path, json=body).status_code == 200


def test_token_counts_include_all_that_would_be_sent(fake: FakeOllama, proxy: Proxy) -> None:
    def count(**request: Any) -> int:
        body = {"model": "m", "messages": [{"role": "user", "content": "word " * 400}]} | request
        reply = proxy.client.post("/v1/messages/count_tokens", json=body)
        tokens: int = reply.json()["input_tokens"]
        return tokens

    plain = count()
    assert 400 < plain < 700
    assert count(tools=[TOOL]) > plain
    assert count(system="Be brief. " * 100) > plain + 100
    assert not fake.chats


def read_until(lines: Iterator[str], event_name: str) -> list[str]:
    events = []
    for line in lines:
        if line.startswith("event: "):
            events.append(line.removeprefix("event: "))
            if events[-1] == event_name:
                return events
    raise AssertionError(events)


def test_silence_is_filled_with_pings(fake: FakeOllama) -> None:
    resume = threading.Event()
    fake.script(answer(WaitFor(resume), "Hello"), answer("Hel", WaitFor(resume), "lo"))
    with Proxy(fake.url, header_grace=0.05, ping_interval=0.05) as proxy:
        for _ in range(2):
            resume.clear()
            body = {"model": "m", "max_tokens": 9, "messages": QUESTION, "stream": True}
            with proxy.client.stream("POST", "/v1/messages", json=body) as reply:
                lines = reply.iter_lines()
                events = read_until(lines, "ping")
                assert events[0] == "message_start"
                read_until(lines, "ping")
                resume.set()
                read_until(lines, "message_stop")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("moment", ["while waiting", "in mid-answer"])
def test_a_client_that_leaves_cancels_the_generation(
    fake: FakeOllama, proxy: Proxy, moment: str, *, stream: bool
) -> None:
    never = threading.Event()
    fake.script(answer(*(["Hel"] if moment == "in mid-answer" else []), WaitFor(never)))
    body = {"model": "m", "max_tokens": 9, "messages": QUESTION, "stream": stream}
    with RawHttpClient(proxy.url) as client:
        client.send("POST", "/v1/messages", body)
        fake.wait_for(lambda: len(fake.chats) == 1)
        time.sleep(0.1)  # the first delta may reach the proxy
    fake.wait_for(lambda: fake.disconnects == 1)


def test_a_shutdown_ends_running_answers_with_an_error_event(
    fake: FakeOllama, proxy: Proxy
) -> None:
    never = threading.Event()
    fake.script(answer("Hel", WaitFor(never)))
    body = {"model": "m", "max_tokens": 9, "messages": QUESTION, "stream": True}
    with proxy.client.stream("POST", "/v1/messages", json=body) as reply:
        chunks = reply.iter_bytes()
        received = next(chunks)
        while b"Hel" not in received:
            received += next(chunks)
        proxy.shutdown()
        events = parse_sse(received + b"".join(chunks))
    check_events(events)
    assert events[-1]["error"]["type"] == "overloaded_error"
    assert "ocp serve" in events[-1]["error"]["message"]


def test_many_answers_at_once_do_not_mix(fake: FakeOllama, proxy: Proxy) -> None:
    fake.respond = lambda body: answer(
        *[f"{body['messages'][0]['content']} " for _ in range(20)], Pause(0.01)
    )

    def send(number: int) -> None:
        reply = httpx.post(
            f"{proxy.url}/v1/messages",
            json={
                "model": "m",
                "max_tokens": 99,
                "stream": True,
                "messages": [{"role": "user", "content": f"n{number}"}],
            },
            timeout=HANG_SECONDS,
            trust_env=False,
        )
        events = parse_sse(reply.content)
        check_events(events)
        texts[number] = merge(events)["content"][0]["text"]

    texts: dict[int, str] = {}
    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {number: f"n{number} " * 20 for number in range(24)}


def test_the_debug_log_shows_what_goes_to_ollama_and_what_comes_back(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ollama_claude_proxy")
    proxy.create_message(messages=[{"role": "user", "content": "A question."}])
    assert 'to Ollama: {"model":"qwen2.5-coder:7b"' in caplog.text
    assert "A question." in caplog.text
    assert 'from Ollama: {"model"' in caplog.text
