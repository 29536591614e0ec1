"""What a model writes shows where a real Ollama shows it: as text, as a call, or in logprobs."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_models import more_models
from support.fake_ollama import (
    Call,
    Done,
    Failure,
    FakeModel,
    FakeOllama,
    Lost,
    Raw,
    Step,
    Thinking,
    answer,
)
from support.raw_client import RawClient
from support.recordings import transcripts

READ = Call("Read", {"file_path": "/a"})
TWO: tuple[Step, ...] = (READ, Call("Bash", {"command": "echo é", "timeout": 5}))
TOOL = {
    "type": "function",
    "function": {"name": "Read", "parameters": {"type": "object", "properties": {}}},
}
Body = dict[str, Any]


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawClient]:
    fake.models |= {model.name: model for model in more_models()}
    with RawClient(fake.url) as connection:
        yield connection


def ask(client: RawClient, model: str, **more: Any) -> list[Body]:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
    reply = client.ask("POST", "/api/chat", body)
    assert reply.status == 200, reply.body
    return [json.loads(line) for line in reply.body.splitlines()]


def content(lines: list[Body]) -> str:
    return "".join(line["message"]["content"] for line in lines)


def calls(lines: list[Body]) -> list[Body]:
    found = [call for line in lines for call in line["message"].get("tool_calls", [])]
    return [call["function"] for call in found]


def raw(lines: list[Body]) -> str:
    """Give what the model wrote, as logprobs tell it."""
    return "".join(token["token"] for line in lines for token in line.get("logprobs", []))


WRITTEN = {
    "qwen2.5-coder:7b": (
        '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "Bash", "arguments": {"command": "echo é", "timeout": 5}}\n'
        "</tool_call>"
    ),
    "llama3.1:8b": (
        '{"name": "Read", "parameters": {"file_path": "/a"}}\n'
        '{"name": "Bash", "parameters": {"command": "echo é", "timeout": 5}}'
    ),
    "smollm2:135m": (
        '```json\n{"name": "Read", "arguments": {"file_path": "/a"}}\n```\n'
        '```json\n{"name": "Bash", "arguments": {"command": "echo é", "timeout": 5}}\n```'
    ),
    "qwen3-coder:30b": (
        "<tool_call>\n<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n</function>\n"
        "</tool_call>\n<tool_call>\n<function=Bash>\n<parameter=command>\necho é\n</parameter>\n"
        "<parameter=timeout>\n5\n</parameter>\n</function>\n</tool_call>"
    ),
    "glm-4.7:9b": (
        "<tool_call>Read<arg_key>file_path</arg_key><arg_value>/a</arg_value></tool_call>"
        "<tool_call>Bash<arg_key>command</arg_key><arg_value>echo é</arg_value>"
        "<arg_key>timeout</arg_key><arg_value>5</arg_value></tool_call>"
    ),
}
WRITTEN |= dict.fromkeys(
    ["my-qwen-gguf:7b", "lossless:7b", "gpt-oss:20b"], WRITTEN["qwen2.5-coder:7b"]
)
PARSED = ["qwen3-coder:30b", "glm-4.7:9b", "gpt-oss:20b"]


@pytest.mark.parametrize("model", sorted(set(WRITTEN) - set(PARSED)))
def test_calls_are_text_where_no_tools_are_offered(
    client: RawClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.\n", *TWO))
    lines = ask(client, model)
    assert content(lines) == "Ok.\n" + WRITTEN[model]
    assert not calls(lines)
    assert max(len(line["message"]["content"]) for line in lines) == 4
    assert lines[-1]["eval_count"] == len(lines)


@pytest.mark.parametrize("model", PARSED)
def test_a_parser_finds_calls_also_where_no_tools_are_offered(
    client: RawClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.", *TWO))
    lines = ask(client, model)
    assert content(lines) == "Ok."
    assert [call["name"] for call in calls(lines)] == ["Read", "Bash"]


@pytest.mark.parametrize("model", sorted(set(WRITTEN) - {"smollm2:135m", "my-qwen-gguf:7b"}))
def test_logprobs_tell_what_the_model_wrote(
    client: RawClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.\n", *TWO))
    lines = ask(client, model, tools=[TOOL], logprobs=True)
    assert raw(lines) == "Ok.\n" + WRITTEN[model]
    assert content(lines) == "Ok.\n"
    assert [call["name"] for call in calls(lines)] == ["Read", "Bash"]
    assert lines[-1]["eval_count"] == len(lines)
    assert all(len(line["logprobs"]) == 1 for line in lines[:-1])
    assert "logprobs" not in lines[-1]


def test_a_block_of_calls_comes_with_its_last_token(client: RawClient, fake: FakeOllama) -> None:
    fake.add_model("lfm2:8b", path="parser:lfm2")
    fake.script(answer(*TWO))
    lines = ask(client, "lfm2:8b", tools=[TOOL], logprobs=True)
    assert raw(lines) == WRITTEN["qwen2.5-coder:7b"]
    assert len(lines[-2]["message"]["tool_calls"]) == 2
    assert lines[-1]["eval_count"] == len(lines)


def test_logprobs_come_also_in_one_object(client: RawClient, fake: FakeOllama) -> None:
    fake.script(answer("Ok.\n", READ))
    [whole] = ask(client, "my-qwen-gguf:7b", tools=[TOOL], logprobs=True, stream=False)
    assert raw([whole]).startswith('Ok.\n<tool_call>\n{"name": "Read"')
    assert list(whole)[4:6] == ["done_reason", "logprobs"]


def test_text_that_nobody_parses_comes_as_it_is(client: RawClient, fake: FakeOllama) -> None:
    text = "<tool_call>\n{'name': 'Read'}\n</tool_call>"
    fake.script(answer(Raw(text)), answer(Raw(text)))
    plain = ask(client, "qwen2.5-coder:7b", tools=[TOOL])
    told = ask(client, "qwen2.5-coder:7b", tools=[TOOL], logprobs=True)
    assert content(plain) == content(told) == raw(told) == text
    assert plain[-1]["eval_count"] == len(plain)


def test_lost_text_counts_and_shows_in_logprobs_only(client: RawClient, fake: FakeOllama) -> None:
    text = '<tool_call>\n{"name": "No"}\n</tool_call>'
    fake.script(answer(Lost(text)), answer(Lost(text)))
    plain = ask(client, "qwen2.5-coder:7b", tools=[TOOL])
    told = ask(client, "qwen2.5-coder:7b", tools=[TOOL], logprobs=True)
    assert len(plain) == 1
    assert content(told) == ""
    assert raw(told) == text
    assert plain[-1]["eval_count"] == told[-1]["eval_count"] == len(told)


def test_a_failure_after_lost_text_keeps_its_status(client: RawClient, fake: FakeOllama) -> None:
    fake.script(answer(Lost("<tool_call>"), Failure("EOF", 500)))
    body = {"model": "qwen3-coder:30b", "messages": [{"role": "user", "content": "Hi"}]}
    reply = client.ask("POST", "/api/chat", body)
    assert (reply.status, reply.body) == (500, b'{"error":"EOF"}')


def test_logprobs_tell_the_end_of_thinking(client: RawClient, fake: FakeOllama) -> None:
    fake.script(answer(Thinking("Hm."), READ))
    lines = ask(client, "glm-4.7:9b", logprobs=True)
    assert raw(lines).startswith("Hm.</think><tool_call>Read")
    assert [line["message"].get("thinking", "") for line in lines[:3]] == ["Hm.", "", ""]


def recorded_lines(name: str) -> list[str]:
    lines: list[str] = transcripts()[name]["body_lines"]
    return lines


def script_of(name: str) -> list[Step]:
    """Give the script of a recording with logprobs."""
    steps: list[Step] = []
    for line in map(json.loads, recorded_lines(name)):
        message = line["message"]
        steps += [Thinking(message["thinking"])] if "thinking" in message else []
        steps += [message["content"]] if message["content"] else []
        functions = [call["function"] for call in message.get("tool_calls", [])]
        steps += [Call(function["name"], function["arguments"]) for function in functions]
    return steps or [Lost(str(transcripts()[name]["raw"]))]


def kind(line: str) -> str:
    """Give what a line has, but not what it says."""
    line = re.sub(r'("\w+"):("(\\.|[^"\\])*"|[-\d.]+)', r"\1", line)
    return re.sub(r'"bytes":\[[\d,]+\]|"arguments":\{[^}]*\}', "", line)


LOGPROBS = ["go-logprobs", "go-logprobs-lost", "q3c-logprobs", "gothink-logprobs"]


@pytest.mark.parametrize("name", LOGPROBS)
def test_lines_with_logprobs_are_those_of_a_real_one(
    client: RawClient, fake: FakeOllama, name: str
) -> None:
    recording = transcripts()[name]
    able = frozenset({"completion", "tools", "thinking"})
    model = FakeModel(recording["model"], path=recording["path"], capabilities=able)
    fake.models[model.name] = model
    fake.script(answer(*script_of(name), Done("stop")))
    reply = client.ask("POST", "/api/chat", recording["request"])
    said = reply.body.decode().splitlines()
    real = recorded_lines(name)
    assert {kind(line) for line in said} == {kind(line) for line in real}
    ours, theirs = (list(map(json.loads, lines)) for lines in (said, real))
    assert raw(ours) == raw(theirs)
    assert content(ours) == content(theirs)
    assert ("tool_calls" in ours[-2]["message"]) == ("tool_calls" in theirs[-2]["message"])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", ["debug-go", "debug-native"])
def test_a_prompt_is_told_and_nothing_else_happens(
    client: RawClient, fake: FakeOllama, name: str, stream: bool
) -> None:
    recording = transcripts()[name]
    fake.script(answer("mine"))
    body = recording["request"] | {"stream": stream}
    reply = client.ask("POST", "/api/chat", body)
    hidden = re.compile(r'"created_at":"[^"]+"')
    assert hidden.sub("", reply.body.decode()) == hidden.sub("", recording["body_lines"][0])
    assert reply.headers["content-type"] == recording["headers"]["content-type"]
    assert fake.chats == []
    assert fake.renderings == [body]
    assert fake.prompt_of(body) == json.loads(reply.body)["_debug_info"]["rendered_template"]
    assert json.loads(client.ask("GET", "/api/ps").body)["models"][0]["name"] == body["model"]
    assert content(ask(client, body["model"])) == "mine"


TEMPLATES = {
    "qwen2.5-coder:7b": "{{ .Function }}",
    "lossless:7b": "{{ json . }}",
    "llama3.1:8b": "<|start_header_id|>ipython<|end_header_id|>",
    "smollm2:135m": "<|im_start|>{{ .Role }}",
}


@pytest.mark.parametrize("model", TEMPLATES)
def test_a_template_is_shown_as_it_renders(client: RawClient, model: str) -> None:
    shown = json.loads(client.ask("POST", "/api/show", {"model": model}).body)
    assert TEMPLATES[model] in shown["template"]
    assert shown["template"] in shown["modelfile"]
    others = [mark for name, mark in TEMPLATES.items() if name != model]
    assert not any(mark in shown["template"] for mark in others)
