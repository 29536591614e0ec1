"""A generation ends when the model is done, though it writes on: the request is cancelled."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_answers import RawText, Step, Thinking, WaitFor
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

CODER, THINKER = "qwen2.5-coder:7b", "qwen3:8b"
WRITE = {
    "name": "Write",
    "description": "Writes a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["file_path", "content"],
    },
}
FILLER = [
    {
        "name": f"Tool{number}",
        "description": f"Does the work of number {number * 7919}.",
        "input_schema": {"type": "object", "properties": {}},
    }
    for number in range(30)
]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


def call(path: str, content: str = "x") -> str:
    arguments = {"file_path": path, "content": content}
    body = json.dumps({"name": "Write", "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>\n"


def send(fake: FakeOllama, proxy: Proxy, *steps: Step, **request: Any) -> dict[str, Any]:
    """Return the answer of a model that writes all this and then never ends by itself."""
    fake.script(answer(*steps, WaitFor(threading.Event())))
    request = {"model": CODER, "tools": [WRITE], "max_tokens": 4000} | request
    message: dict[str, Any] = proxy.create_message(**request).json()
    fake.wait_for(lambda: fake.disconnects == 1)
    assert len(fake.chats) == 1
    return message


def texts(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


def written_files(message: dict[str, Any]) -> list[str]:
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    return [call["input"]["file_path"] for call in calls]


def test_text_behind_a_call_ends_the_generation(fake: FakeOllama, proxy: Proxy) -> None:
    invented = "The file was written. Now I see that the tests pass, and so the work is done. " * 3
    message = send(fake, proxy, RawText(f"I write it.\n{call('/a')}{invented}{call('/b')}"))
    assert written_files(message) == ["/a"]
    assert message["stop_reason"] == "tool_use"
    assert texts(message).startswith("I write it.")
    assert texts(message).count("The file was written.") == 2
    assert message["usage"]["output_tokens"] > 20


def test_the_reason_is_in_the_log(
    fake: FakeOllama, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    send(fake, proxy, RawText(call("/a") + "And then I explain it all once more. " * 9))
    logged = [getattr(record, "ocp_fields", {}).get("notes") for record in caplog.records]
    assert "the generation was ended: the model wrote on after its calls" in logged


@pytest.mark.parametrize(
    "between",
    ["", "\n\n" * 100, "</tool_call>\n", "\nNow I also write the second file, with the tests:\n"],
)
def test_further_calls_come_through(fake: FakeOllama, proxy: Proxy, between: str) -> None:
    fake.script(answer(RawText(call("/a") + between + call("/b") + between + call("/c"))))
    message = proxy.create_message(model=CODER, tools=[WRITE]).json()
    assert written_files(message) == ["/a", "/b", "/c"]
    assert message["stop_reason"] == "tool_use"


def test_a_loop_in_text_ends_the_turn(fake: FakeOllama, proxy: Proxy) -> None:
    message = send(fake, proxy, RawText("First words.\n" + "I will check it again.\n" * 800))
    assert message["stop_reason"] == "end_turn"
    assert texts(message).startswith("First words.\nI will check it again.\n")
    assert 8_000 <= len(texts(message)) < 11_000


def test_a_loop_in_an_open_call_runs_nothing(fake: FakeOllama, proxy: Proxy) -> None:
    opened = '<tool_call>\n{"name": "Write", "arguments": {"file_path": "/a", "content": "'
    message = send(fake, proxy, RawText(opened + "\\n" * 6000))
    assert written_files(message) == []
    assert message["stop_reason"] == "max_tokens"


def test_a_loop_in_a_second_call_leaves_the_first(fake: FakeOllama, proxy: Proxy) -> None:
    opened = '<tool_call>\n{"name": "Write", "arguments": {"file_path": "/b", "content": "'
    message = send(fake, proxy, RawText(call("/a") + opened + "x = 1\\n" * 4000))
    assert written_files(message) == ["/a"]
    assert message["stop_reason"] == "tool_use"


def test_a_loop_in_thinking_lets_the_client_go_on(fake: FakeOllama, proxy: Proxy) -> None:
    thought = Thinking("Wait, let me think about it once more. " * 500)
    message = send(fake, proxy, thought, model=THINKER, thinking={"type": "adaptive"})
    assert message["stop_reason"] == "max_tokens"


def test_a_recited_list_of_tools_ends(fake: FakeOllama, proxy: Proxy) -> None:
    tools = [WRITE, *FILLER]
    fake.script(answer("Hello."))
    proxy.create_message(model=CODER, tools=tools)
    prompt = fake.prompt_of(fake.chats[0])
    listed = prompt[prompt.index('{"type"') :]
    fake.script(answer(RawText(listed), WaitFor(threading.Event())))
    message = proxy.create_message(model=CODER, tools=tools, max_tokens=4000).json()
    fake.wait_for(lambda: fake.disconnects == 1)
    assert message["stop_reason"] == "end_turn"
    assert len(texts(message)) < 4_000


def test_a_file_of_equal_lines_is_written(fake: FakeOllama, proxy: Proxy) -> None:
    content = "An equal line, as the user wanted it.\n" * 500
    fake.script(answer(RawText(call("/a", content))))
    message = proxy.create_message(model=CODER, tools=[WRITE]).json()
    (block,) = message["content"]
    assert block["input"] == {"file_path": "/a", "content": content}
    assert message["stop_reason"] == "tool_use"
