"""What the client requires is enforced: any call, one tool, one call only, JSON by a schema."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_answers import Answer, Call, Failure, RawText
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.stream_grammar import check_events, merge, parse_sse

TOOLS: list[dict[str, Any]] = [
    {
        "name": name,
        "description": "Does it.",
        "input_schema": {
            "type": "object",
            "properties": {key: {"type": "string"}},
            "required": [key],
        },
    }
    for name, key in {"Read": "file_path", "Bash": "command"}.items()
]
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["title", "count"],
    "additionalProperties": False,
}
STRUCTURE = {"format": {"type": "json_schema", "schema": SCHEMA}}
RIGHT = '{"title": "A", "count": 3}'


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


def send(proxy: Proxy, **request: Any) -> dict[str, Any]:
    reply = proxy.create_message(stream=True, **request)
    events = parse_sse(reply.content)
    check_events(events)
    return merge(events)


def tool_calls(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (block["name"], block["input"])
        for block in message["content"]
        if block["type"] == "tool_use"
    ]


def text_of(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "glm-4.7:9b", "my-qwen-gguf:7b"])
def test_only_the_arguments_of_a_chosen_tool_are_requested(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    fake.script(answer(RawText('{"command": "ls"}')))
    choice = {"type": "tool", "name": "Bash"}
    message = send(proxy, model=model, tools=TOOLS, tool_choice=choice)
    assert tool_calls(message) == [("Bash", {"command": "ls"})]
    assert message["stop_reason"] == "tool_use"
    (chat,) = fake.chats
    assert chat["format"]["properties"] == {"command": {"type": "string"}}
    assert "Bash" in chat["messages"][-1]["content"]


def test_tool_choice_any_requests_a_name_and_arguments_if_no_call_came(
    fake: FakeOllama, proxy: Proxy
) -> None:
    fake.script(
        answer("I could."), answer(RawText('"Read"')), answer(RawText('{"file_path": "/a"}'))
    )
    message = send(proxy, tools=TOOLS, tool_choice={"type": "any"})
    assert text_of(message) == "I could."
    assert tool_calls(message) == [("Read", {"file_path": "/a"})]
    assert [chat.get("format", {}).get("enum") for chat in fake.chats] == [
        None,
        ["Read", "Bash"],
        None,
    ]


def test_tool_choice_any_accepts_the_models_own_call(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Call("Bash", {"command": "ls"})))
    message = send(proxy, tools=TOOLS, tool_choice={"type": "any"})
    assert tool_calls(message) == [("Bash", {"command": "ls"})]
    assert len(fake.chats) == 1


def test_tool_choice_none_shows_no_tools_and_reads_no_calls(fake: FakeOllama, proxy: Proxy) -> None:
    raw_text = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a"}}\n</tool_call>'
    fake.script(answer(RawText(raw_text)))
    message = send(proxy, tools=TOOLS, tool_choice={"type": "none"})
    assert (text_of(message), tool_calls(message)) == (raw_text, [])
    assert "Read" not in json.dumps(fake.chats[-1]["messages"])


@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "my-qwen-gguf:7b"])
def test_only_one_call_is_returned_if_the_client_wants_one(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    fake.script(
        answer(Call("Read", {"file_path": "/a"}), Call("Bash", {"command": "ls"}), "After.")
    )
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    message = send(proxy, model=model, tools=TOOLS, tool_choice=choice)
    assert tool_calls(message) == [("Read", {"file_path": "/a"})]
    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_json_by_a_schema_uses_ollamas_grammar_and_is_streamed(
    fake: FakeOllama, proxy: Proxy, field: str
) -> None:
    fake.script(answer('{"title": ', '"A", ', '"count": 3}'))
    wanted = {field: STRUCTURE if field == "output_config" else STRUCTURE["format"]}
    assert json.loads(text_of(send(proxy, **wanted))) == {"title": "A", "count": 3}
    assert fake.chats[-1]["format"] == SCHEMA


def test_with_tools_the_complete_answer_is_validated(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Call("Read", {"file_path": "/a"})), answer(f"```json\n{RIGHT}\n```"))
    both = {"tools": TOOLS, "output_config": STRUCTURE}
    assert tool_calls(send(proxy, **both)) == [("Read", {"file_path": "/a"})]
    assert json.loads(text_of(send(proxy, **both))) == {"title": "A", "count": 3}
    assert all("format" not in chat for chat in fake.chats)


@pytest.mark.parametrize(
    "raw_text",
    ["The title is A.", '{"title": "A"}', '{"title": "A", "count": "many"}'],
    ids=["words", "a key is missing", "a wrong type"],
)
def test_an_answer_that_violates_the_schema_is_requested_again_with_the_grammar(
    fake: FakeOllama, proxy: Proxy, raw_text: str
) -> None:
    fake.script(answer(raw_text), answer(RawText(RIGHT)))
    message = send(proxy, tools=TOOLS, output_config=STRUCTURE)
    assert json.loads(text_of(message)) == {"title": "A", "count": 3}
    assert fake.chats[-1]["format"] == SCHEMA


def test_a_backend_that_ignores_the_grammar_is_noticed(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer("Here it is:\n", "```json\n", RIGHT, "\n```"))
    assert json.loads(text_of(send(proxy, output_config=STRUCTURE))) == {"title": "A", "count": 3}
    assert len(fake.chats) == 1


def test_a_schema_that_ollama_refuses_is_validated_here(fake: FakeOllama, proxy: Proxy) -> None:
    error_text = "Field 'json_schema': \"json_schema\": JSON schema conversion failed: no"
    refused = Failure(json.dumps({"error": {"code": 400, "message": error_text}}), 400)
    fake.script(Answer([refused]), answer("It is ", RIGHT))
    assert json.loads(text_of(send(proxy, output_config=STRUCTURE))) == {"title": "A", "count": 3}
    assert "format" not in fake.chats[-1]
