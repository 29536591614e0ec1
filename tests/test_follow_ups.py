"""A call that cannot be run is requested once more, before the client sees any of it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support.fake_answers import Answer, Call, Done, Failure, Line, LostText, RawText, Thinking
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer, recorded_answer
from support.proxy import Proxy
from support.recordings import transcripts
from support.stream_grammar import check_events, merge, parse_sse

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
CORRECTED = '{"file_path": "/a", "limit": 3}'


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


def send(proxy: Proxy, *, stream: bool = True, **request: Any) -> tuple[dict[str, Any], int]:
    """Send a request; return the message, streamed or not, and the status."""
    reply: httpx.Response = proxy.create_message(stream=stream, **({"tools": TOOLS} | request))
    if not stream or reply.status_code != 200:
        return reply.json(), reply.status_code
    events = parse_sse(reply.content)
    check_events(events)
    if events[-1]["type"] == "error":
        return events[-1], 200
    return merge(events), 200


def tool_calls(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (block["name"], block["input"])
        for block in message["content"]
        if block["type"] == "tool_use"
    ]


def text_of(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_the_arguments_are_requested_after_the_valid_part_of_the_answer(
    fake: FakeOllama, proxy: Proxy, *, stream: bool
) -> None:
    fake.script(answer(RawText(f"I'll read it.\n{BROKEN}\nThen more.")), answer(RawText(CORRECTED)))
    message, _ = send(proxy, stream=stream)
    assert text_of(message) == "I'll read it.\n"
    assert tool_calls(message) == [("Read", {"file_path": "/a", "limit": 3})]
    assert message["stop_reason"] == "tool_use"
    first, second = fake.chats
    assert second["messages"][:-1] == first["messages"]
    assert second["messages"][-1] == {
        "role": "assistant",
        "content": 'I\'ll read it.\n<tool_call>\n{"name": "Read", "arguments":',
    }
    assert second["format"]["required"] == ["file_path"]
    assert second["options"] == first["options"]


def test_the_prompt_of_the_next_turn_has_the_corrected_call(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(RawText(BROKEN)), answer(RawText(f" {CORRECTED}")))
    message, _ = send(proxy)
    previous_prompt = fake.prompt_of(fake.chats[-1])
    result = {"type": "tool_result", "tool_use_id": message["content"][0]["id"], "content": "It."}
    question = {"role": "user", "content": "Hi"}
    turn = {"role": "assistant", "content": message["content"]}
    send(proxy, messages=[question, turn, {"role": "user", "content": [result]}])
    assert fake.prompt_of(fake.chats[-1]).startswith(
        f"{previous_prompt} {CORRECTED}}}\n</tool_call><|im_end|>"
    )


def test_the_follow_up_is_a_user_message_if_a_turn_cannot_be_continued(
    fake: FakeOllama, proxy: Proxy
) -> None:
    fake.script(answer(Call("Read", {"limit": "many"})), answer(RawText(CORRECTED)))
    message, _ = send(proxy, model="glm-4.7:9b")
    assert tool_calls(message) == [("Read", {"file_path": "/a", "limit": 3})]
    last = fake.chats[-1]["messages"][-1]
    assert last["role"] == "user"
    assert "arguments of a call of Read" in last["content"]
    assert "'many' is not of type 'integer'" in last["content"]


def test_the_native_path_may_repeat_the_start_of_the_call(fake: FakeOllama, proxy: Proxy) -> None:
    opening = '<tool_call>\n{"name": "Read", "arguments":'
    fake.script(answer(Call("Read", {"limit": "many"})), answer(RawText(opening + CORRECTED)))
    message, _ = send(proxy, model="my-qwen-gguf:7b")
    assert tool_calls(message) == [("Read", {"file_path": "/a", "limit": 3})]


@pytest.mark.parametrize(
    "second",
    [
        answer(RawText('{"limit": 0}')),
        answer(RawText('{"file_path": "/a'), Done("length")),
        answer(RawText("No.")),
        Answer([Failure("model runner has unexpectedly stopped")]),
    ],
    ids=["still wrong", "cut off", "words", "Ollama fails"],
)
def test_after_a_failed_follow_up_the_client_gets_the_original_call(
    fake: FakeOllama, proxy: Proxy, second: Answer
) -> None:
    fake.script(answer(RawText(BROKEN)), second)
    message, _ = send(proxy)
    assert tool_calls(message) == [("Read", {"limit": "many"})]
    assert message["stop_reason"] == "tool_use"


def test_follow_ups_can_be_switched_off(fake: FakeOllama) -> None:
    fake.script(answer(RawText(BROKEN)))
    with Proxy(fake.url, second_chances=0) as proxy:
        message, _ = send(proxy)
    assert tool_calls(message) == [("Read", {"limit": "many"})]
    assert len(fake.chats) == 1


@pytest.mark.parametrize("name", ["q3c-json", "qwen3-badjson", "q3c-unclosed-param", "lag-bad"])
def test_a_call_that_ollamas_parser_failed_on_is_requested_again(
    fake: FakeOllama, proxy: Proxy, name: str
) -> None:
    fake.script(recorded_answer(transcripts()[name]), answer(Call("Read", {"file_path": "/a"})))
    message, status = send(proxy, model="qwen3-coder:30b")
    assert status == 200
    assert tool_calls(message)[-1] == ("Read", {"file_path": "/a"})
    assert fake.chats[-1]["messages"][-1]["role"] == "user"


def test_a_call_that_ollama_lost_is_read_from_its_tokens(fake: FakeOllama, proxy: Proxy) -> None:
    lost = '<tool_call>\n{"name": "Read", "arguments": {\'file_path\': "/a"}}\n</tool_call>'
    fake.script(answer("Ok.", LostText(lost)))
    message, _ = send(proxy, model="lossless:7b")
    assert (text_of(message), tool_calls(message)) == ("Ok.", [("Read", {"file_path": "/a"})])
    assert len(fake.chats) == 1


def test_a_call_is_read_from_its_tokens_if_the_parser_fails_within_an_answer(
    fake: FakeOllama, proxy: Proxy
) -> None:
    raw = "<tool_call>\n<function=Bash>\n<parameter=command>\ncat </parameter> x\n</parameter>\n"
    failed = Failure("XML syntax error on line 4: element <parameter> closed by </function>")
    fake.script(answer("Sure.", LostText(f"{raw}</function>\n</tool_call>"), failed))
    message, _ = send(proxy, model="qwen3-coder:30b")
    assert tool_calls(message) == [("Bash", {"command": "cat </parameter> x"})]
    assert len(fake.chats) == 1


def test_a_value_that_ollamas_parser_changed_is_read_from_the_tokens(
    fake: FakeOllama, proxy: Proxy
) -> None:
    """qwen3-coder's parser makes `<a name="1">` of `<a=1>`."""
    fake.script(recorded_answer(transcripts()["q3c-value-tag"]))
    bent, _ = send(proxy, model="qwen3-coder:30b")
    assert '<a name="1">' in tool_calls(bent)[0][1]["command"]
    raw = transcripts()["q3c-value-tag"]["raw"]
    lines = [json.loads(line) for line in transcripts()["q3c-value-tag"]["body_lines"]]
    lines[0]["logprobs"] = [{"token": raw, "logprob": 0.0, "bytes": list(raw.encode())}]
    fake.script(Answer([Line(json.dumps(line)) for line in lines]))
    straight, _ = send(proxy, model="qwen3-coder:30b")
    assert "<a=1>" in tool_calls(straight)[0][1]["command"]


@pytest.mark.parametrize("model", ["my-qwen-gguf:7b", "qwen3-coder:30b"])
def test_an_empty_answer_is_requested_again(fake: FakeOllama, proxy: Proxy, model: str) -> None:
    fake.script(answer(Done(tokens=40)), answer(Call("Read", {"file_path": "/a"})))
    message, _ = send(proxy, model=model)
    assert tool_calls(message) == [("Read", {"file_path": "/a"})]


def test_a_second_empty_answer_is_an_error(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Done(tokens=40)), answer(Done(tokens=40)))
    reply, status = send(proxy, model="my-qwen-gguf:7b", stream=False)
    assert status == 502
    assert "could not read" in reply["error"]["message"]


def test_a_call_in_thinking_is_used_if_there_is_nothing_else(
    fake: FakeOllama, proxy: Proxy
) -> None:
    thought = f'I must read.\n<tool_call>{{"name": "Read", "arguments": {CORRECTED}}}</tool_call>'
    fake.script(answer(Thinking(thought)), answer(Thinking(thought), "I have no file."))
    thinks: dict[str, Any] = {"model": "gpt-oss:20b", "thinking": {"type": "adaptive"}}
    alone, _ = send(proxy, **thinks)
    assert tool_calls(alone) == [("Read", {"file_path": "/a", "limit": 3})]
    beside, _ = send(proxy, **thinks)
    assert (tool_calls(beside), text_of(beside)) == ([], "I have no file.")


def test_repairs_and_retries_are_counted_and_reported(fake: FakeOllama, proxy: Proxy) -> None:
    repaired = '<tool_call>{"name": "read", "arguments": {"path": "/a", "limit": "3"}}</tool_call>'
    fake.script(answer(RawText(repaired)), answer(RawText(BROKEN)), answer(RawText(CORRECTED)))
    first = proxy.create_message(tools=TOOLS)
    assert first.headers["x-ocp-tools"] == "text/hermes"
    assert first.headers["x-ocp-calls"] == "read=1 repaired=1"
    assert tool_calls(first.json()) == [("Read", {"file_path": "/a", "limit": 3})]
    second = proxy.create_message(tools=TOOLS)
    assert second.headers["x-ocp-calls"] == "read=1 retried=1 asked_again=1"
    counts = proxy.client.get("/health").json()["calls"]
    assert (counts["read"], counts["repaired"], counts["retried"]) == (2, 1, 1)


def test_tokens_of_both_requests_are_counted(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(
        answer(RawText(BROKEN), Done(prompt_tokens=500, tokens=20)),
        answer(RawText(CORRECTED), Done(prompt_tokens=530, tokens=9)),
    )
    message, _ = send(proxy, stream=False)
    assert message["usage"]["output_tokens"] > 9


UNREADABLE = {
    "two parameters ran together": "<tool_call>Bash<arg_key>command</arg_key><arg_value>rm -r build"
    "<arg_key>description</arg_key><arg_value>Clean</arg_value></tool_call>",
    "half a value": "<tool_call>\n<function=Bash>\n<parameter=command>\nrm -rf /tmp/x",
    "a quotation that ends anywhere": "<tool_call>\n"
    '{"name": "Bash", "arguments": {"command": "echo "a", "timeout": "1" > c"}}\n</tool_call>',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_call_that_cannot_be_read_is_asked_for_again(
    fake: FakeOllama, proxy: Proxy, name: str
) -> None:
    again = '<tool_call>\n{"name": "Bash", "arguments": {"command": "ls"}}\n</tool_call>'
    fake.script(answer(RawText(UNREADABLE[name])), answer(RawText(again)))
    message, _ = send(proxy, model="qwen2.5-coder:7b")
    assert tool_calls(message) == [("Bash", {"command": "ls"})]
    assert len(message["content"]) == 1
    assert len(fake.chats) == 2


@pytest.mark.parametrize("name", UNREADABLE)
def test_without_another_chance_it_is_text_and_never_half_a_call(
    fake: FakeOllama, proxy: Proxy, name: str
) -> None:
    fake.script(answer(RawText(UNREADABLE[name])), answer(RawText(UNREADABLE[name])))
    message, _ = send(proxy, model="qwen2.5-coder:7b")
    assert tool_calls(message) == []
    assert [block["text"] for block in message["content"]] == [UNREADABLE[name]]


def test_a_call_of_a_tool_that_was_not_offered_keeps_its_name(
    fake: FakeOllama, proxy: Proxy
) -> None:
    call = {"name": "Append", "arguments": {"file_path": "/a", "content": "x"}}
    fake.script(answer(RawText(f"<tool_call>\n{json.dumps(call)}\n</tool_call>")))
    message, _ = send(proxy, model="qwen2.5-coder:7b")
    assert tool_calls(message) == [("Append", {"file_path": "/a", "content": "x"})]
    assert message["stop_reason"] == "tool_use"
    assert len(fake.chats) == 1


def test_a_usual_other_name_means_the_tool_only_if_the_arguments_fit(
    fake: FakeOllama, proxy: Proxy
) -> None:
    for name, arguments, called in (
        ("run_command", {"cmd": "ls"}, ("Bash", {"command": "ls"})),
        ("read_file", {"path": "/a"}, ("Read", {"file_path": "/a"})),
        ("read_file", {"lines": "/a"}, ("read_file", {"lines": "/a"})),
    ):
        body = json.dumps({"name": name, "arguments": arguments})
        fake.script(answer(RawText(f"<tool_call>\n{body}\n</tool_call>")))
        message, _ = send(proxy, model="qwen2.5-coder:7b")
        assert tool_calls(message) == [called]


@pytest.mark.parametrize(
    "written",
    [
        "<tool_call>\n<parameter=path>\n/a\n</parameter>\n</tool_call>",
        "<tool_call>path</arg_key><arg_value>/a</arg_value></tool_call>",
        '<tool_call>{"name": "read_file", "arguments": {"path": "/a"}}</tool_call>',
        '```json\n{"name": "read_file", "arguments": {"path": "/a"}}\n```',
    ],
)
def test_nothing_is_taken_for_a_tool_that_deletes(
    fake: FakeOllama, proxy: Proxy, written: str
) -> None:
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    fake.script(answer(RawText(written)), answer(RawText(written)))
    tool = {"name": "delete_file", "description": "Deletes a file.", "input_schema": schema}
    message, _ = send(proxy, model="qwen2.5-coder:7b", tools=[tool])
    assert "delete_file" not in [name for name, _ in tool_calls(message)]
