"""The text of a model appears where a real Ollama has it: as text, as a call, or in logprobs."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_models import template_variants
from support.fake_ollama import (
    Call,
    Done,
    Failure,
    FakeModel,
    FakeOllama,
    LostText,
    RawText,
    Step,
    Thinking,
    answer,
)
from support.raw_http_client import RawHttpClient
from support.recordings import transcripts

READ = Call("Read", {"file_path": "/a"})
TWO: tuple[Step, ...] = (READ, Call("Bash", {"command": "echo é", "timeout": 5}))
TOOL = {
    "type": "function",
    "function": {"name": "Read", "parameters": {"type": "object", "properties": {}}},
}
Body = dict[str, Any]


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawHttpClient]:
    fake.models |= {model.name: model for model in template_variants()}
    with RawHttpClient(fake.url) as connection:
        yield connection


def send_chat(client: RawHttpClient, model: str, **fields: Any) -> list[Body]:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **fields}
    reply = client.request("POST", "/api/chat", body)
    assert reply.status == 200, reply.body
    return [json.loads(line) for line in reply.body.splitlines()]


def content_of(lines: list[Body]) -> str:
    return "".join(line["message"]["content"] for line in lines)


def calls_of(lines: list[Body]) -> list[Body]:
    calls = [call for line in lines for call in line["message"].get("tool_calls", [])]
    return [call["function"] for call in calls]


def generated_text(lines: list[Body]) -> str:
    """Return what the model generated, from the logprobs."""
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
def test_calls_are_text_if_no_tools_are_offered(
    client: RawHttpClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.\n", *TWO))
    lines = send_chat(client, model)
    assert content_of(lines) == "Ok.\n" + WRITTEN[model]
    assert not calls_of(lines)
    assert max(len(line["message"]["content"]) for line in lines) == 4
    assert lines[-1]["eval_count"] == len(lines)


@pytest.mark.parametrize("model", PARSED)
def test_a_parser_finds_calls_even_if_no_tools_are_offered(
    client: RawHttpClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.", *TWO))
    lines = send_chat(client, model)
    assert content_of(lines) == "Ok."
    assert [call["name"] for call in calls_of(lines)] == ["Read", "Bash"]


@pytest.mark.parametrize("model", sorted(set(WRITTEN) - {"smollm2:135m", "my-qwen-gguf:7b"}))
def test_logprobs_contain_what_the_model_wrote(
    client: RawHttpClient, fake: FakeOllama, model: str
) -> None:
    fake.script(answer("Ok.\n", *TWO))
    lines = send_chat(client, model, tools=[TOOL], logprobs=True)
    assert generated_text(lines) == "Ok.\n" + WRITTEN[model]
    assert content_of(lines) == "Ok.\n"
    assert [call["name"] for call in calls_of(lines)] == ["Read", "Bash"]
    assert lines[-1]["eval_count"] == len(lines)
    assert all(len(line["logprobs"]) == 1 for line in lines[:-1])
    assert "logprobs" not in lines[-1]


def test_a_block_of_calls_comes_with_its_last_token(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    fake.add_model("lfm2:8b", path="parser:lfm2")
    fake.script(answer(*TWO))
    lines = send_chat(client, "lfm2:8b", tools=[TOOL], logprobs=True)
    assert generated_text(lines) == WRITTEN["qwen2.5-coder:7b"]
    assert len(lines[-2]["message"]["tool_calls"]) == 2
    assert lines[-1]["eval_count"] == len(lines)


def test_an_answer_in_one_object_has_logprobs(client: RawHttpClient, fake: FakeOllama) -> None:
    fake.script(answer("Ok.\n", READ))
    [whole] = send_chat(client, "my-qwen-gguf:7b", tools=[TOOL], logprobs=True, stream=False)
    assert generated_text([whole]).startswith('Ok.\n<tool_call>\n{"name": "Read"')
    assert list(whole)[4:6] == ["done_reason", "logprobs"]


def test_unparsed_text_is_sent_verbatim(client: RawHttpClient, fake: FakeOllama) -> None:
    text = "<tool_call>\n{'name': 'Read'}\n</tool_call>"
    fake.script(answer(RawText(text)), answer(RawText(text)))
    plain = send_chat(client, "qwen2.5-coder:7b", tools=[TOOL])
    with_logprobs = send_chat(client, "qwen2.5-coder:7b", tools=[TOOL], logprobs=True)
    assert content_of(plain) == content_of(with_logprobs) == generated_text(with_logprobs) == text
    assert plain[-1]["eval_count"] == len(plain)


def test_lost_text_is_counted_and_appears_only_in_logprobs(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    text = '<tool_call>\n{"name": "No"}\n</tool_call>'
    fake.script(answer(LostText(text)), answer(LostText(text)))
    plain = send_chat(client, "qwen2.5-coder:7b", tools=[TOOL])
    with_logprobs = send_chat(client, "qwen2.5-coder:7b", tools=[TOOL], logprobs=True)
    assert len(plain) == 1
    assert content_of(with_logprobs) == ""
    assert generated_text(with_logprobs) == text
    assert plain[-1]["eval_count"] == with_logprobs[-1]["eval_count"] == len(with_logprobs)


def test_a_failure_after_lost_text_keeps_its_status(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    fake.script(answer(LostText("<tool_call>"), Failure("EOF", 500)))
    body = {"model": "qwen3-coder:30b", "messages": [{"role": "user", "content": "Hi"}]}
    reply = client.request("POST", "/api/chat", body)
    assert (reply.status, reply.body) == (500, b'{"error":"EOF"}')


def test_logprobs_contain_the_end_of_thinking(client: RawHttpClient, fake: FakeOllama) -> None:
    fake.script(answer(Thinking("Hm."), READ))
    lines = send_chat(client, "glm-4.7:9b", logprobs=True)
    assert generated_text(lines).startswith("Hm.</think><tool_call>Read")
    assert [line["message"].get("thinking", "") for line in lines[:3]] == ["Hm.", "", ""]


def recorded_lines(name: str) -> list[str]:
    lines: list[str] = transcripts()[name]["body_lines"]
    return lines


def script_of(name: str) -> list[Step]:
    """Return the script of a recording with logprobs."""
    steps: list[Step] = []
    for line in map(json.loads, recorded_lines(name)):
        message = line["message"]
        steps += [Thinking(message["thinking"])] if "thinking" in message else []
        steps += [message["content"]] if message["content"] else []
        functions = [call["function"] for call in message.get("tool_calls", [])]
        steps += [Call(function["name"], function["arguments"]) for function in functions]
    return steps or [LostText(str(transcripts()[name]["raw"]))]


def line_shape(line: str) -> str:
    """Return the fields of a line without their values."""
    line = re.sub(r'("\w+"):("(\\.|[^"\\])*"|[-\d.]+)', r"\1", line)
    return re.sub(r'"bytes":\[[\d,]+\]|"arguments":\{[^}]*\}', "", line)


LOGPROBS = ["go-logprobs", "go-logprobs-lost", "q3c-logprobs", "gothink-logprobs"]


@pytest.mark.parametrize("name", LOGPROBS)
def test_lines_with_logprobs_are_those_of_a_real_one(
    client: RawHttpClient, fake: FakeOllama, name: str
) -> None:
    recording = transcripts()[name]
    able = frozenset({"completion", "tools", "thinking"})
    model = FakeModel(recording["model"], path=recording["path"], capabilities=able)
    fake.models[model.name] = model
    fake.script(answer(*script_of(name), Done("stop")))
    reply = client.request("POST", "/api/chat", recording["request"])
    lines = reply.body.decode().splitlines()
    real = recorded_lines(name)
    assert {line_shape(line) for line in lines} == {line_shape(line) for line in real}
    ours, theirs = ([json.loads(line) for line in answer_lines] for answer_lines in (lines, real))
    assert generated_text(ours) == generated_text(theirs)
    assert content_of(ours) == content_of(theirs)
    assert ("tool_calls" in ours[-2]["message"]) == ("tool_calls" in theirs[-2]["message"])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", ["debug-go", "debug-native"])
def test_a_prompt_is_rendered_without_generating(
    client: RawHttpClient, fake: FakeOllama, name: str, stream: bool
) -> None:
    recording = transcripts()[name]
    fake.script(answer("mine"))
    body = recording["request"] | {"stream": stream}
    reply = client.request("POST", "/api/chat", body)
    hidden = re.compile(r'"created_at":"[^"]+"')
    assert hidden.sub("", reply.body.decode()) == hidden.sub("", recording["body_lines"][0])
    assert reply.headers["content-type"] == recording["headers"]["content-type"]
    assert fake.chats == []
    assert fake.renderings == [body]
    assert fake.prompt_of(body) == json.loads(reply.body)["_debug_info"]["rendered_template"]
    assert json.loads(client.request("GET", "/api/ps").body)["models"][0]["name"] == body["model"]
    assert content_of(send_chat(client, body["model"])) == "mine"


TEMPLATES = {
    "qwen2.5-coder:7b": "{{ .Function }}",
    "lossless:7b": "{{ json . }}",
    "llama3.1:8b": "<|start_header_id|>ipython<|end_header_id|>",
    "smollm2:135m": "<|im_start|>{{ .Role }}",
}


@pytest.mark.parametrize("model", TEMPLATES)
def test_a_template_is_shown_as_it_renders(client: RawHttpClient, model: str) -> None:
    shown = json.loads(client.request("POST", "/api/show", {"model": model}).body)
    assert TEMPLATES[model] in shown["template"]
    assert shown["template"] in shown["modelfile"]
    others = [mark for name, mark in TEMPLATES.items() if name != model]
    assert not any(mark in shown["template"] for mark in others)
