"""What a model writes is read as the calls that it means, and as nothing else.

The cases are data: what was written, with which tools, which calls reach the client, and what text
remains. Those without calls pass byte by byte; elsewhere only white space around a call may differ.
"""

import itertools
import json
import random
from typing import Any

import msgspec
import pytest

from ollama_claude_proxy.translate.request.plan import Expectations, Plan
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.wire.events import Event
from ollama_claude_proxy.wire.ollama import ChatLine, ChatMessage
from support.grammar import check_events, merge
from support.reading import DATA, chunks, toolbox

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for file in sorted(DATA.glob("*.json"))
    if file.name != "tools.json"
    for case in json.loads(file.read_text("utf-8"))
}
HOW = ["whole", "byte by byte", "at random"]


def pieces(case: dict[str, Any], how: str) -> list[str]:
    text: str = case["text"]
    if how == "whole":
        return [text]
    if how == "byte by byte":
        return chunks(text, 1)
    source = random.Random(case["id"])
    edges = sorted({0, len(text), *source.choices(range(len(text) + 1), k=len(text) // 5)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def answered(case: dict[str, Any], how: str) -> list[dict[str, Any]]:
    """Give the content blocks that the client gets."""
    numbers = itertools.count()
    tools = toolbox(case["tools"])
    translator = StreamTranslator(
        Plan(
            body={"model": "m", "messages": []},
            expectations=Expectations(toolbox=tools, reads=bool(tools)),
            prompt_tokens=1,
            window=8192,
        ),
        message_id="msg_1",
        model="m",
        new_tool_id=lambda: f"toolu_{next(numbers)}",
    )
    events: list[Event] = translator.start()
    for piece in pieces(case, how):
        events += translator.feed(ChatLine(message=ChatMessage(content=piece)))
    reason = case.get("done_reason", "stop")
    events += translator.feed(ChatLine(done=True, done_reason=reason, eval_count=3))
    events += translator.finish()
    built = [msgspec.to_builtins(event) for event in events]
    check_events(built)
    content: list[dict[str, Any]] = merge(built)["content"]
    return content


def test_the_cases_are_many_and_more_than_a_third_are_no_calls() -> None:
    without = sum(1 for case in CASES.values() if not case["calls"])
    assert len(CASES) >= 400
    assert without >= 150


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", CASES)
def test_calls_are_read_and_text_stays_text(name: str, how: str) -> None:
    case = CASES[name]
    content = answered(case, how)
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
