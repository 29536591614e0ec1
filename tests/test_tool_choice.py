"""What the client demands is enforced: a call, one tool's call, one call only, JSON by a schema."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_answers import Answer, Call, Failure, Raw
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.grammar import check_events, merge, parse_sse
from support.proxy import Proxy

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
    with FakeOllama(*library(), *more_models()) as ollama:
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def ask(proxy: Proxy, **request: Any) -> dict[str, Any]:
    reply = proxy.ask(stream=True, **request)
    events = parse_sse(reply.content)
    check_events(events)
    return merge(events)


def calls(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["name"], one["input"]) for one in message["content"] if one["type"] == "tool_use"]


def text(message: dict[str, Any]) -> str:
    return "".join(one["text"] for one in message["content"] if one["type"] == "text")


@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "glm-4.7:9b", "my-qwen-gguf:7b"])
def test_a_chosen_tool_is_asked_for_by_its_arguments_alone(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    fake.script(answer(Raw('{"command": "ls"}')))
    choice = {"type": "tool", "name": "Bash"}
    message = ask(proxy, model=model, tools=TOOLS, tool_choice=choice)
    assert calls(message) == [("Bash", {"command": "ls"})]
    assert message["stop_reason"] == "tool_use"
    (chat,) = fake.chats
    assert chat["format"]["properties"] == {"command": {"type": "string"}}
    assert "Bash" in chat["messages"][-1]["content"]


def test_any_tool_asks_for_a_name_and_its_arguments_where_no_call_came(
    fake: FakeOllama, proxy: Proxy
) -> None:
    fake.script(answer("I could."), answer(Raw('"Read"')), answer(Raw('{"file_path": "/a"}')))
    message = ask(proxy, tools=TOOLS, tool_choice={"type": "any"})
    assert text(message) == "I could."
    assert calls(message) == [("Read", {"file_path": "/a"})]
    assert [chat.get("format", {}).get("enum") for chat in fake.chats] == [
        None,
        ["Read", "Bash"],
        None,
    ]


def test_any_tool_is_content_with_the_call_that_the_model_makes(
    fake: FakeOllama, proxy: Proxy
) -> None:
    fake.script(answer(Call("Bash", {"command": "ls"})))
    message = ask(proxy, tools=TOOLS, tool_choice={"type": "any"})
    assert calls(message) == [("Bash", {"command": "ls"})]
    assert len(fake.chats) == 1


def test_no_tool_means_that_none_is_shown_and_nothing_is_a_call(
    fake: FakeOllama, proxy: Proxy
) -> None:
    said = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a"}}\n</tool_call>'
    fake.script(answer(Raw(said)))
    message = ask(proxy, tools=TOOLS, tool_choice={"type": "none"})
    assert (text(message), calls(message)) == (said, [])
    assert "Read" not in json.dumps(fake.chats[-1]["messages"])


@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "my-qwen-gguf:7b"])
def test_only_one_call_comes_where_the_client_wants_one(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    fake.script(
        answer(Call("Read", {"file_path": "/a"}), Call("Bash", {"command": "ls"}), "After.")
    )
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    message = ask(proxy, model=model, tools=TOOLS, tool_choice=choice)
    assert calls(message) == [("Read", {"file_path": "/a"})]
    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_json_by_a_schema_is_ollamas_grammar_and_streams(
    fake: FakeOllama, proxy: Proxy, field: str
) -> None:
    fake.script(answer('{"title": ', '"A", ', '"count": 3}'))
    wanted = {field: STRUCTURE if field == "output_config" else STRUCTURE["format"]}
    assert json.loads(text(ask(proxy, **wanted))) == {"title": "A", "count": 3}
    assert fake.chats[-1]["format"] == SCHEMA


def test_with_tools_the_answer_is_checked_when_it_is_whole(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(Call("Read", {"file_path": "/a"})), answer(f"```json\n{RIGHT}\n```"))
    both = {"tools": TOOLS, "output_config": STRUCTURE}
    assert calls(ask(proxy, **both)) == [("Read", {"file_path": "/a"})]
    assert json.loads(text(ask(proxy, **both))) == {"title": "A", "count": 3}
    assert all("format" not in chat for chat in fake.chats)


@pytest.mark.parametrize(
    "said",
    ["The title is A.", '{"title": "A"}', '{"title": "A", "count": "many"}'],
    ids=["words", "a key is missing", "a wrong type"],
)
def test_an_answer_of_another_form_is_asked_for_again_with_the_grammar(
    fake: FakeOllama, proxy: Proxy, said: str
) -> None:
    fake.script(answer(said), answer(Raw(RIGHT)))
    message = ask(proxy, tools=TOOLS, output_config=STRUCTURE)
    assert json.loads(text(message)) == {"title": "A", "count": 3}
    assert fake.chats[-1]["format"] == SCHEMA


def test_a_backend_that_ignores_the_grammar_is_noticed(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer("Here it is:\n", "```json\n", RIGHT, "\n```"))
    assert json.loads(text(ask(proxy, output_config=STRUCTURE))) == {"title": "A", "count": 3}
    assert len(fake.chats) == 1


def test_a_schema_that_ollama_refuses_is_checked_here(fake: FakeOllama, proxy: Proxy) -> None:
    words = "Field 'json_schema': \"json_schema\": JSON schema conversion failed: no"
    refused = Failure(json.dumps({"error": {"code": 400, "message": words}}), 400)
    fake.script(Answer([refused]), answer("It is ", RIGHT))
    assert json.loads(text(ask(proxy, output_config=STRUCTURE))) == {"title": "A", "count": 3}
    assert "format" not in fake.chats[-1]
