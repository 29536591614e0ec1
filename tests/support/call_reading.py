"""Read calls out of a text, in one chunk or many."""

import itertools
import json
import random
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ollama_claude_proxy.translate.request.plan import Expectations, Plan
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.translate.tools.reading.held_calls import ReadCalls, ReaderOutput
from ollama_claude_proxy.translate.tools.reading.reader import CallReader
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.chat import ChatChunk, ChatDelta, ModelRequest
from ollama_claude_proxy.wire.events import Event
from support.stream_grammar import check_events, merge

DATA = Path(__file__).parents[1] / "data" / "reading"


@cache
def tool_sets() -> dict[str, list[dict[str, Any]]]:
    """Return the sets of tools that the cases name."""
    sets: dict[str, list[dict[str, Any]]] = json.loads((DATA / "tools.json").read_text("utf-8"))
    return sets


@cache
def toolbox(name: str) -> Toolbox:
    """Return the toolbox of a set of tools; an empty one for ""."""
    tools = tool_sets()[name] if name else []
    return Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in tools)


def read(chunks: Iterable[str], tools: Toolbox, *, cut: bool = False) -> list[ReaderOutput]:
    """Read the chunks of a text to its end."""
    if not tools:
        return list(chunks)
    reader = CallReader(tools.names, tools.resolve)
    outputs: list[ReaderOutput] = []
    for chunk in chunks:
        outputs += reader.feed(chunk)
    return outputs + reader.flush(cut=cut)


def chunks(text: str, size: int) -> list[str]:
    """Split a text into chunks of a size."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def shown_text(outputs: Sequence[ReaderOutput]) -> str:
    """Return the text that the user still sees."""
    return "".join(
        "" if isinstance(one, ReadCalls) else one if isinstance(one, str) else one.raw
        for one in outputs
    )


def calls(outputs: Sequence[ReaderOutput]) -> list[ResolvedCall]:
    """Return the calls that were read."""
    return [call for output in outputs if isinstance(output, ReadCalls) for call in output.calls]


def raw_text(outputs: Sequence[ReaderOutput]) -> str:
    """Return the text with its calls as they were written."""
    return "".join(output if isinstance(output, str) else output.raw for output in outputs)


def split(text: str, how: str) -> list[str]:
    """Split a text: "whole", "byte by byte" or "at random"."""
    if how == "whole":
        return [text]
    if how == "byte by byte":
        return chunks(text, 1)
    randomness = random.Random(text)
    edges = sorted({0, len(text), *randomness.choices(range(len(text) + 1), k=len(text) // 5)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def answer_content(
    text: str, tools: Toolbox, how: str, *, done_reason: str = "stop"
) -> list[dict[str, Any]]:
    """Return the content blocks that the client gets when a model writes a text."""
    numbers = itertools.count()
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
    for chunk in split(text, how):
        events += translator.feed(ChatChunk(message=ChatDelta(content=chunk)))
    events += translator.feed(ChatChunk(done=True, done_reason=done_reason, eval_count=3))
    events += translator.finish()
    wire_events = [msgspec.to_builtins(event) for event in events]
    check_events(wire_events)
    content: list[dict[str, Any]] = merge(wire_events)["content"]
    return content


def calls_of(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the names and inputs of the calls in an answer."""
    return [
        {"name": block["name"], "input": block["input"]}
        for block in content
        if block["type"] == "tool_use"
    ]


def text_of(content: list[dict[str, Any]]) -> str:
    """Return the text of an answer."""
    return "".join(block["text"] for block in content if block["type"] == "text")
