"""Several calls that Ollama's parser passes on together, of which one does not fit."""

from typing import Any

from support.fake_answers import Call, Done
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["file_path"],
        "additionalProperties": False,
    },
}
LIST = {**READ, "name": "List", "description": "Lists a folder."}
A, AGAIN = {"file_path": "/a"}, {"file_path": "/again"}
BROKEN = {"limit": "many"}


def first_and_next(*calls: Call) -> tuple[list[Any], str, str]:
    """Ask for calls; return those that come, what is asked again, and the prompt behind them."""
    with (
        FakeOllama(*library(), *template_variants()) as fake,
        Proxy(fake.url, model="my-qwen-gguf:7b", tools="native") as proxy,
    ):
        fake.script(answer("First.", *calls, Done()), answer('{"file_path": "/again"}'))
        begun = [{"role": "user", "content": "Hi"}]
        content = proxy.create_message(messages=begun, tools=[READ, LIST]).json()["content"]
        uses = [block for block in content if block["type"] == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": one["id"], "content": "ok"} for one in uses
        ]
        turns = [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
        proxy.create_message(messages=[*begun, *turns], tools=[READ, LIST])
        prompt = fake.prompt_of(fake.chats[-1])
        came = [(one["name"], one["input"]) for one in uses]
        return came, str(fake.chats[1]["messages"]), prompt.rpartition("First.")[2]


def test_a_call_behind_one_that_is_asked_for_again_is_void() -> None:
    calls, _, _ = first_and_next(Call("Read", BROKEN), Call("List", A))
    assert calls == [("Read", AGAIN)]


def test_the_first_of_two_that_do_not_fit_is_asked_for_again() -> None:
    calls, _, _ = first_and_next(Call("Read", BROKEN), Call("List", BROKEN))
    assert calls == [("Read", AGAIN)]


def test_the_calls_before_one_that_is_asked_for_again_stay_in_the_prompt() -> None:
    calls, again, behind = first_and_next(Call("List", A), Call("Read", BROKEN))
    assert calls == [("List", A), ("Read", AGAIN)]
    assert '"/a"' in again
    assert '"/a"' in behind
