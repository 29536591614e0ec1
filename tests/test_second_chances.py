"""A call that cannot be run is asked for once more, before the client sees anything of it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support.fake_answers import Answer, Call, Done, Failure, Line, Lost, Raw, Thinking
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer, recorded
from support.grammar import check_events, merge, parse_sse
from support.proxy import Proxy
from support.recordings import transcripts

READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {
            "file_path": {"type": "string"},
            "limit": {"type": "integer", "minimum": 1},
        },
        "required": ["file_path"],
        "additionalProperties": False,
    },
}
BASH = {
    "name": "Bash",
    "description": "Runs a command.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
        "required": ["command"],
    },
}
TOOLS = [READ, BASH]
BROKEN = '<tool_call>\n{"name": "Read", "arguments": {"limit": "many"}}\n</tool_call>'
MENDED = '{"file_path": "/a", "limit": 3}'


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *more_models()) as ollama:
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def ask(proxy: Proxy, *, stream: bool = True, **request: Any) -> tuple[dict[str, Any], int]:
    """Ask; give the message, whether streamed or not, and the status."""
    reply: httpx.Response = proxy.ask(stream=stream, **({"tools": TOOLS} | request))
    if not stream or reply.status_code != 200:
        return reply.json(), reply.status_code
    events = parse_sse(reply.content)
    check_events(events)
    if events[-1]["type"] == "error":
        return events[-1], 200
    return merge(events), 200


def calls(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["name"], one["input"]) for one in message["content"] if one["type"] == "tool_use"]


def text(message: dict[str, Any]) -> str:
    return "".join(one["text"] for one in message["content"] if one["type"] == "text")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_the_arguments_are_asked_for_behind_what_was_right(
    fake: FakeOllama, proxy: Proxy, *, stream: bool
) -> None:
    fake.script(answer(Raw(f"I'll read it.\n{BROKEN}\nThen more.")), answer(Raw(MENDED)))
    message, _ = ask(proxy, stream=stream)
    assert text(message) == "I'll read it.\n"
    assert calls(message) == [("Read", {"file_path": "/a", "limit": 3})]
    assert message["stop_reason"] == "tool_use"
    first, second = fake.chats
    assert second["messages"][:-1] == first["messages"]
    assert second["messages"][-1] == {
        "role": "assistant",
        "content": 'I\'ll read it.\n<tool_call>\n{"name": "Read", "arguments":',
    }
    assert second["format"]["required"] == ["file_path"]
    assert second["options"] == first["options"]


def test_the_prompt_of_the_next_turn_has_the_mended_call(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Raw(BROKEN)), answer(Raw(f" {MENDED}")))
    message, _ = ask(proxy)
    given = fake.prompt_of(fake.chats[-1])
    result = {"type": "tool_result", "tool_use_id": message["content"][0]["id"], "content": "It."}
    question = {"role": "user", "content": "Hi"}
    turn = {"role": "assistant", "content": message["content"]}
    ask(proxy, messages=[question, turn, {"role": "user", "content": [result]}])
    assert fake.prompt_of(fake.chats[-1]).startswith(f"{given} {MENDED}}}\n</tool_call><|im_end|>")


def test_where_a_turn_cannot_be_continued_the_user_asks(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Call("Read", {"limit": "many"})), answer(Raw(MENDED)))
    message, _ = ask(proxy, model="glm-4.7:9b")
    assert calls(message) == [("Read", {"file_path": "/a", "limit": 3})]
    last = fake.chats[-1]["messages"][-1]
    assert last["role"] == "user"
    assert "arguments of a call of Read" in last["content"]
    assert "'many' is not of type 'integer'" in last["content"]


def test_the_native_path_says_the_beginning_again(fake: FakeOllama, proxy: Proxy) -> None:
    opening = '<tool_call>\n{"name": "Read", "arguments":'
    fake.script(answer(Call("Read", {"limit": "many"})), answer(Raw(opening + MENDED)))
    message, _ = ask(proxy, model="my-qwen-gguf:7b")
    assert calls(message) == [("Read", {"file_path": "/a", "limit": 3})]


@pytest.mark.parametrize(
    "second",
    [
        answer(Raw('{"limit": 0}')),
        answer(Raw('{"file_path": "/a'), Done("length")),
        answer(Raw("No.")),
        Answer([Failure("model runner has unexpectedly stopped")]),
    ],
    ids=["still wrong", "cut off", "words", "Ollama fails"],
)
def test_if_that_does_not_help_the_client_gets_the_call_as_it_was(
    fake: FakeOllama, proxy: Proxy, second: Answer
) -> None:
    fake.script(answer(Raw(BROKEN)), second)
    message, _ = ask(proxy)
    assert calls(message) == [("Read", {"limit": "many"})]
    assert message["stop_reason"] == "tool_use"


def test_none_is_given_where_it_is_switched_off(fake: FakeOllama) -> None:
    fake.script(answer(Raw(BROKEN)))
    with Proxy(fake.url, second_chances=0) as proxy:
        message, _ = ask(proxy)
    assert calls(message) == [("Read", {"limit": "many"})]
    assert len(fake.chats) == 1


@pytest.mark.parametrize("name", ["q3c-json", "qwen3-badjson", "q3c-unclosed-param", "lag-bad"])
def test_what_ollamas_parser_failed_on_is_asked_for_again(
    fake: FakeOllama, proxy: Proxy, name: str
) -> None:
    fake.script(recorded(transcripts()[name]), answer(Call("Read", {"file_path": "/a"})))
    message, status = ask(proxy, model="qwen3-coder:30b")
    assert status == 200
    assert calls(message)[-1] == ("Read", {"file_path": "/a"})
    assert fake.chats[-1]["messages"][-1]["role"] == "user"


def test_a_call_that_ollama_lost_is_read_from_its_tokens(fake: FakeOllama, proxy: Proxy) -> None:
    lost = '<tool_call>\n{"name": "Read", "arguments": {\'file_path\': "/a"}}\n</tool_call>'
    fake.script(answer("Ok.", Lost(lost)))
    message, _ = ask(proxy, model="lossless:7b")
    assert (text(message), calls(message)) == ("Ok.", [("Read", {"file_path": "/a"})])
    assert len(fake.chats) == 1


def test_a_parser_that_fails_in_mid_answer_has_told_the_tokens(
    fake: FakeOllama, proxy: Proxy
) -> None:
    raw = "<tool_call>\n<function=Bash>\n<parameter=command>\ncat </parameter> x\n</parameter>\n"
    failed = Failure("XML syntax error on line 4: element <parameter> closed by </function>")
    fake.script(answer("Sure.", Lost(f"{raw}</function>\n</tool_call>"), failed))
    message, _ = ask(proxy, model="qwen3-coder:30b")
    assert calls(message) == [("Bash", {"command": "cat </parameter> x"})]
    assert len(fake.chats) == 1


def test_ollamas_parser_does_not_bend_what_was_written(fake: FakeOllama, proxy: Proxy) -> None:
    """qwen3-coder's parser makes `<a name="1">` of `<a=1>`."""
    fake.script(recorded(transcripts()["q3c-value-tag"]))
    bent, _ = ask(proxy, model="qwen3-coder:30b")
    assert '<a name="1">' in calls(bent)[0][1]["command"]
    raw = transcripts()["q3c-value-tag"]["raw"]
    lines = [json.loads(line) for line in transcripts()["q3c-value-tag"]["body_lines"]]
    lines[0]["logprobs"] = [{"token": raw, "logprob": 0.0, "bytes": list(raw.encode())}]
    fake.script(Answer([Line(json.dumps(line)) for line in lines]))
    straight, _ = ask(proxy, model="qwen3-coder:30b")
    assert "<a=1>" in calls(straight)[0][1]["command"]


@pytest.mark.parametrize("model", ["my-qwen-gguf:7b", "qwen3-coder:30b"])
def test_an_answer_of_which_nothing_came_is_asked_for_again(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    fake.script(answer(Done(tokens=40)), answer(Call("Read", {"file_path": "/a"})))
    message, _ = ask(proxy, model=model)
    assert calls(message) == [("Read", {"file_path": "/a"})]


def test_an_answer_of_which_nothing_comes_twice_is_an_error(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Done(tokens=40)), answer(Done(tokens=40)))
    reply, status = ask(proxy, model="my-qwen-gguf:7b", stream=False)
    assert status == 502
    assert "could not read" in reply["error"]["message"]


def test_a_call_in_thinking_counts_where_there_is_nothing_else(
    fake: FakeOllama, proxy: Proxy
) -> None:
    thought = f'I must read.\n<tool_call>{{"name": "Read", "arguments": {MENDED}}}</tool_call>'
    fake.script(answer(Thinking(thought)), answer(Thinking(thought), "I have no file."))
    thinks: dict[str, Any] = {"model": "gpt-oss:20b", "thinking": {"type": "adaptive"}}
    alone, _ = ask(proxy, **thinks)
    assert calls(alone) == [("Read", {"file_path": "/a", "limit": 3})]
    beside, _ = ask(proxy, **thinks)
    assert (calls(beside), text(beside)) == ([], "I have no file.")


def test_what_was_done_is_counted_and_told(fake: FakeOllama, proxy: Proxy) -> None:
    repaired = '<tool_call>{"name": "read", "arguments": {"path": "/a", "limit": "3"}}</tool_call>'
    fake.script(answer(Raw(repaired)), answer(Raw(BROKEN)), answer(Raw(MENDED)))
    first = proxy.ask(tools=TOOLS)
    assert first.headers["x-ocp-tools"] == "text/hermes"
    assert first.headers["x-ocp-calls"] == "read=1 repaired=1"
    assert calls(first.json()) == [("Read", {"file_path": "/a", "limit": 3})]
    second = proxy.ask(tools=TOOLS)
    assert second.headers["x-ocp-calls"] == "read=1 mended=1 asked_again=1"
    counts = proxy.client.get("/health").json()["calls"]
    assert (counts["read"], counts["repaired"], counts["mended"]) == (2, 1, 1)


def test_tokens_of_both_requests_are_counted(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(
        answer(Raw(BROKEN), Done(prompt_tokens=500, tokens=20)),
        answer(Raw(MENDED), Done(prompt_tokens=530, tokens=9)),
    )
    message, _ = ask(proxy, stream=False)
    assert message["usage"]["output_tokens"] > 9
