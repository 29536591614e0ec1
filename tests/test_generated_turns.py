"""The prompt contains the turns of a model as it generated them, byte for byte."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from support.fake_answers import Call, RawText
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.generated_turns import (
    calls_offered_tools,
    content_blocks,
    echo_content,
    raw_turn,
    replace_ids,
)
from support.proxy import Proxy
from support.recordings import successive_turns

TURNS = [turn for turn in successive_turns() if calls_offered_tools(turn[1], turn[2])]
MODELS = ["qwen2.5-coder:7b", "llama3.1:8b", "smollm2:135m", "forced:7b"]

TOOLS: list[dict[str, Any]] = [
    {
        "name": name,
        "description": "Does it.",
        "input_schema": {
            "type": "object",
            "properties": {key: {"type": "string"}, "n": {"type": "integer"}},
            "required": [key],
        },
    }
    for name, key in {"Read": "file_path", "Bash": "command"}.items()
]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda _body: 1000
        ollama.add_model("forced:7b", renderer_name="go-template:lossless")
        yield ollama


@pytest.fixture(scope="module")
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    settings: dict[str, Any] = {
        "second_chances": 0,
        "tools": "auto, forced:7b=text",
        "num_ctx": 32768,
    }
    with Proxy(fake.url, **settings) as running:
        yield running


def send_answered(fake: FakeOllama, proxy: Proxy, body: dict[str, Any], raw: str) -> dict[str, Any]:
    """Send a request that the model answers with `raw`; return the answer."""
    fake.script(answer(RawText(raw)))
    reply = proxy.create_message(**body | {"stream": False})
    assert reply.status_code == 200, reply.text
    message: dict[str, Any] = reply.json()
    return message


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn[0])
def test_each_prompt_starts_with_the_previous_prompt_and_the_generated_turn(
    fake: FakeOllama, proxy: Proxy, turn: tuple[str, dict[str, Any], dict[str, Any]], model: str
) -> None:
    _, before, after = turn
    count = len(before["messages"])
    recorded_turn = after["messages"][count]
    assert recorded_turn["role"] == "assistant"
    raw = raw_turn(recorded_turn, model)
    message = send_answered(fake, proxy, before | {"model": model}, raw)
    prompt = fake.prompt_of(fake.chats[-1])
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    recorded = [block for block in content_blocks(recorded_turn) if block["type"] == "tool_use"]
    ids = {old["id"]: new["id"] for old, new in zip(recorded, calls, strict=True)}
    body = replace_ids(after, ids) | {"model": model}
    body["messages"][count] = {"role": "assistant", "content": echo_content(message["content"])}
    send_answered(fake, proxy, body, "Ok.")
    assert fake.prompt_of(fake.chats[-1]).startswith(prompt + raw)


def test_enough_turns_are_recorded() -> None:
    assert len(TURNS) >= 50


def conversation(fake: FakeOllama, proxy: Proxy, model: str, *raws: str) -> list[str]:
    """Run a conversation; return the prompt of each turn with the generated text."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Begin."}]
    prompts: list[str] = []
    for raw in raws:
        message = send_answered(
            fake, proxy, {"model": model, "messages": messages, "tools": TOOLS}, raw
        )
        prompts.append(fake.prompt_of(fake.chats[-1]) + raw)
        messages.append({"role": "assistant", "content": echo_content(message["content"])})
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": f"result {raw[:5]}"}
            for block in message["content"]
            if block["type"] == "tool_use"
        ]
        messages.append({"role": "user", "content": results or "Go on."})
    return prompts


BOTH = """\
I read both:
<tool_call>
{"name": "Read", "arguments": {"file_path": "/a"}}
</tool_call>
<tool_call>
{"name": "Bash", "arguments": {"command": "ls"}}
</tool_call>
Now I wait."""
RAWS = [
    '<tool_call>\n{"name":"Read",  "arguments": {"file_path": "/a", "n": "3"}}\n</tool_call>',
    "I'll look.\n\n<tool_call>{'name': 'bash', 'arguments': {'cmd': 'ls',}}</tool_call>",
    "  Done, I think.  ",
    BOTH,
    '```json\n{"name": "Read", "arguments": {"file_path": "/b"}}\n```',
    "The end.",
]


@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "forced:7b", "smollm2:135m"])
def test_repaired_calls_stay_in_the_prompt_as_they_were_generated(
    fake: FakeOllama, proxy: Proxy, model: str
) -> None:
    prompts = conversation(fake, proxy, model, *RAWS)
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier)


def test_the_generated_text_of_a_parsed_call_comes_from_its_tokens(
    fake: FakeOllama, proxy: Proxy
) -> None:
    """qwen3-coder's renderer would add a line break that the model did not write."""
    tools: dict[str, Any] = {"model": "qwen3-coder:30b", "tools": TOOLS}
    first: list[dict[str, Any]] = [{"role": "user", "content": "Begin."}]
    fake.script(answer("I'll read.", Call("Read", {"file_path": "/a"})))
    message = proxy.create_message(messages=first, **tools).json()
    chat = fake.chats[-1]
    assert chat["logprobs"] is True
    prompt = fake.prompt_of(chat)
    call = message["content"][-1]
    assert call["input"] == {"file_path": "/a"}
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "It."}
    send_answered(
        fake,
        proxy,
        {
            **tools,
            "messages": [
                *first,
                {"role": "assistant", "content": message["content"]},
                {"role": "user", "content": [result]},
            ],
        },
        "Ok.",
    )
    raw = (
        "I'll read.<tool_call>\n<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n"
        "</function>\n</tool_call>"
    )
    assert fake.prompt_of(fake.chats[-1]).startswith(prompt + raw)
