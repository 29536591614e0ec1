"""What a model writes is read as the calls that it means, and as nothing else.

The cases are data: the text, the tools, the calls that reach the client, and the text that remains.
Texts without calls pass byte for byte; otherwise only white space around a call may differ.
"""

import itertools
import json
import random
from typing import Any

import msgspec
import pytest

from ollama_claude_proxy.translate.request.plan import Expectations, Plan
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.wire.chat import ChatChunk, ChatDelta, ModelRequest
from ollama_claude_proxy.wire.events import Event
from support.call_reading import DATA, chunks, toolbox
from support.stream_grammar import check_events, merge

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for file in sorted(DATA.glob("*.json"))
    if file.name != "tools.json"
    for case in json.loads(file.read_text("utf-8"))
}
CHUNKINGS = ["whole", "byte by byte", "at random"]


def split(case: dict[str, Any], how: str) -> list[str]:
    text: str = case["text"]
    if how == "whole":
        return [text]
    if how == "byte by byte":
        return chunks(text, 1)
    randomness = random.Random(case["id"])
    edges = sorted({0, len(text), *randomness.choices(range(len(text) + 1), k=len(text) // 5)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def answer_content(case: dict[str, Any], how: str) -> list[dict[str, Any]]:
    """Return the content blocks that the client gets."""
    numbers = itertools.count()
    tools = toolbox(case["tools"])
    translator = StreamTranslator(
        Plan(
            model_request=ModelRequest(model="m", messages=[]),
            expectations=Expectations(toolbox=tools, reads_calls=bool(tools)),
            prompt_tokens=1,
            window=8192,
        ),
        message_id="msg_1",
        model="m",
        new_tool_id=lambda: f"toolu_{next(numbers)}",
    )
    events: list[Event] = translator.start()
    for chunk in split(case, how):
        events += translator.feed(ChatChunk(message=ChatDelta(content=chunk)))
    reason = case.get("done_reason", "stop")
    events += translator.feed(ChatChunk(done=True, done_reason=reason, eval_count=3))
    events += translator.finish()
    wire_events = [msgspec.to_builtins(event) for event in events]
    check_events(wire_events)
    content: list[dict[str, Any]] = merge(wire_events)["content"]
    return content


def test_the_cases_are_many_and_more_than_a_third_are_no_calls() -> None:
    cases_without_calls = sum(1 for case in CASES.values() if not case["calls"])
    assert len(CASES) >= 400
    assert cases_without_calls >= 150


@pytest.mark.parametrize("how", CHUNKINGS)
@pytest.mark.parametrize("name", CASES)
def test_calls_are_read_and_text_stays_text(name: str, how: str) -> None:
    case = CASES[name]
    content = answer_content(case, how)
    calls = [
        {"name": block["name"], "input": block["input"]}
        for block in content
        if block["type"] == "tool_use"
    ]
    text = "".join(block["text"] for block in content if block["type"] == "text")
    assert calls == case["calls"]
    if case["calls"] or not case["text"].strip():
        assert text.split() == case["rest"].split()
    else:
        assert text == case["rest"] == case["text"]
