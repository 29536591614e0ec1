"""What follows a call in the same answer is shown, or void where the call is asked for again."""

import itertools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import pytest

from ollama_claude_proxy.translate.request.plan import Expectations, Plan
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.chat import ChatChunk, ChatMessage, ModelRequest
from ollama_claude_proxy.wire.events import Event
from ollama_claude_proxy.wire.ollama import decode_chat_chunk
from support.stream_grammar import check_events, merge

SCHEMA = {
    "type": "object",
    "properties": {"file_path": {"type": "string"}},
    "required": ["file_path"],
    "additionalProperties": False,
}
TOOLS = Toolbox([OfferedTool("Read", SCHEMA)])
AGAIN = '{"file_path": "/again"}'
A, B = {"file_path": "/a"}, {"file_path": "/b"}
MENDED, BROKEN = {"file_path": "/again"}, {"limit": "many"}


def written(*inputs: dict[str, Any]) -> str:
    """Write calls as a model does."""
    return "".join(
        f"<tool_call>\n{json.dumps({'name': 'Read', 'arguments': one})}\n</tool_call>\n"
        for one in inputs
    )


def text(content: str) -> ChatChunk:
    return chunk({"content": content})


def tokens(content: str, *inputs: dict[str, Any]) -> ChatChunk:
    """Return a chunk with the calls that Ollama's parser took out of a text, and that text."""
    calls = [{"function": {"name": "Read", "arguments": one}} for one in inputs]
    return chunk({"content": "", "tool_calls": calls}, logprobs=[{"token": content}])


def native(*inputs: dict[str, Any], content: str = "", done: bool = False) -> ChatChunk:
    """Return a chunk with calls that Ollama's parser has read."""
    calls = [{"function": {"name": "Read", "arguments": one}} for one in inputs]
    return chunk({"content": content, "tool_calls": calls}, done=done)


def chunk(message: dict[str, Any], *, done: bool = False, **more: Any) -> ChatChunk:
    end = {"done": True, "done_reason": "stop", "eval_count": 9} if done else {"done": False}
    return decode_chat_chunk(msgspec.json.encode({"message": message, **end, **more}))


DONE = chunk({"content": ""}, done=True)


class Shown(NamedTuple):
    """What the client gets, how many requests that took, and the translator."""

    content: list[Any]
    requests: int
    translator: StreamTranslator


def shown(chunks: Sequence[ChatChunk], **expectations: Any) -> Shown:
    """Translate an answer; what is asked again is answered with `AGAIN`."""
    numbers = itertools.count()
    defaults: dict[str, Any] = {"toolbox": TOOLS, "reads_calls": True, "retries": 1}
    plan = Plan(
        model_request=ModelRequest(model="m", messages=[ChatMessage("user", "Hi")]),
        expectations=Expectations(**(defaults | expectations)),
        prompt_tokens=90,
        window=8192,
    )
    translator = StreamTranslator(
        plan, message_id="msg_1", model="m", new_tool_id=lambda: f"toolu_{next(numbers)}"
    )
    events: list[Event] = translator.start()
    requests = 0
    answers: list[Sequence[ChatChunk]] = [chunks, [text(AGAIN), DONE]]
    while requests == 0 or translator.next_plan is not None:
        for one in answers[requests]:
            events += translator.feed(one)
        events += translator.finish()
        requests += 1
    built: list[dict[str, Any]] = [msgspec.to_builtins(event) for event in events]
    check_events(built)
    content = [block.get("input", block.get("text")) for block in merge(built)["content"]]
    return Shown(content, requests, translator)


class Case(NamedTuple):
    """An answer, and what the client gets of it."""

    answer: str
    content: list[Any]
    requests: int = 1
    retries: int = 1


# So much text behind a call shows that it is meant.
ENOUGH = "\nThe file was there and it is short. " * 10

READ: dict[str, Case] = {
    "text behind a call": Case(written(A) + "Then this.", [A, "\nThen this."]),
    "text between calls": Case(
        "First. " + written(A) + "Then. " + written(B) + "At last.",
        ["First. ", A, "\nThen. ", B, "\nAt last."],
    ),
    "nothing but white space behind a call": Case(written(A) + "\n \n", [A]),
    "text behind a call that is asked for again": Case(
        written(BROKEN) + "It says nothing.", [MENDED], 2
    ),
    "a call behind one that is asked for again": Case(written(BROKEN, B), [MENDED], 2),
    "all behind one that is asked for again": Case(
        "First. " + written(A) + "Then. " + written(BROKEN) + "No. " + written(B) + "No.",
        ["First. ", A, "\nThen. ", MENDED],
        2,
    ),
    "a call behind it in one list": Case(
        f"<tool_call>\n{json.dumps([{'name': 'Read', 'arguments': one} for one in (BROKEN, B)])}\n"
        "</tool_call>",
        [MENDED],
        2,
    ),
    "two that do not fit": Case(written(BROKEN, BROKEN) + "No.", [MENDED], 2),
    "text behind one that does not fit, without a second chance": Case(
        written(BROKEN) + "Then. " + written(A), [BROKEN, "\nThen. ", A], retries=0
    ),
    "text behind a call of an unknown tool": Case(
        '<tool_call>\n{"name": "Fly", "arguments": {}}\n</tool_call>\nThen. ' + written(A),
        [{}, "\nThen. ", A],
    ),
}


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("name", READ)
def test_behind_calls_that_are_read_out_of_text(name: str, size: int) -> None:
    case = READ[name]
    pieces = [case.answer[at : at + size] for at in range(0, len(case.answer), size)]
    content, requests, translator = shown([*map(text, pieces), DONE], retries=case.retries)
    assert (content, requests) == (case.content, case.requests)
    left_out = "what followed a call that does not fit its schema was left out" in translator.notes
    assert left_out == (case.requests > 1)


NATIVE: dict[str, tuple[list[ChatChunk], list[Any]]] = {
    "text behind a call": ([native(A), text("Then "), text("this."), DONE], [A, "Then this."]),
    "text beside a call": ([native(A, content="First."), DONE], ["First.", A]),
    "text between calls": (
        [text("First."), native(A), text("Then."), native(B), text("At last."), DONE],
        ["First.", A, "Then.", B, "At last."],
    ),
    "white space before it": ([text("\n\n"), native(A), text("Then."), DONE], [A, "Then."]),
    "calls together": ([native(A, B), text("Then."), DONE], [A, B, "Then."]),
    "calls at the end": ([text("First."), native(A, B, done=True)], ["First.", A, B]),
    "a call in text behind one": (
        [native(A), text(written(B)), text("Then."), DONE],
        [A, B, "\nThen."],
    ),
}


@pytest.mark.parametrize("name", NATIVE)
def test_behind_calls_that_ollama_has_read(name: str) -> None:
    chunks, content = NATIVE[name]
    assert shown(chunks)[:2] == (content, 1)


NATIVE_BROKEN: dict[str, tuple[list[ChatChunk], list[Any]]] = {
    "text": ([native(BROKEN), text("No."), text("No."), DONE], [MENDED]),
    "a call": ([native(BROKEN), native(B), DONE], [MENDED]),
    "a call in text": ([native(BROKEN), text(written(B)), DONE], [MENDED]),
    "text before": ([text("First."), native(A), native(BROKEN), DONE], ["First.", A, MENDED]),
    "a call together with it": ([tokens(written(BROKEN, B), BROKEN, B), DONE], [MENDED]),
    "nothing": ([native(BROKEN, done=True)], [MENDED]),
}


@pytest.mark.parametrize("name", NATIVE_BROKEN)
def test_behind_a_call_that_ollama_has_read_and_that_is_asked_for_again(name: str) -> None:
    chunks, content = NATIVE_BROKEN[name]
    assert shown(chunks)[:2] == (content, 2)


def test_no_further_chunk_is_wanted_behind_a_call_that_is_asked_for_again() -> None:
    told = shown([text(written(BROKEN)), text(ENOUGH)])  # it is not waited for its end
    assert told[:2] == ([MENDED], 2)
    assert told.translator.failure is None


def test_without_a_second_chance_what_follows_stays() -> None:
    chunks = [native(BROKEN), text("Then."), native(A), DONE]
    content, requests, translator = shown(chunks, retries=0)
    assert (content, requests) == ([BROKEN, "Then.", A], 1)
    assert translator.call_stats.broken == 1


SINGLE: dict[str, tuple[list[ChatChunk], list[Any], int]] = {
    "text in further chunks": ([text(written(A)), text("No."), DONE], [A], 0),
    "a call in further chunks": ([text(written(A)), text(written(B)), DONE], [A], 1),
    "a call in the same chunk": ([text(written(A, B)), DONE], [A], 1),
    "what stands before": ([text("First. " + written(A)), DONE], ["First. ", A], 0),
    "native, further chunks": ([native(A), text(""), native(B), DONE], [A], 0),
    "native, in the next chunk": ([native(A), native(B), text("No."), DONE], [A], 1),
    "native, together": ([native(A, B, A), DONE], [A], 2),
    "native, at the end": ([native(A, B, done=True)], [A], 1),
    "native, then in text": ([native(A), text(written(B)), DONE], [A], 1),
}


@pytest.mark.parametrize("name", SINGLE)
def test_where_one_call_is_wanted_the_first_is_all(name: str) -> None:
    chunks, content, lost = SINGLE[name]
    told = shown(chunks, single_call=True)
    assert told.content == content
    assert told.translator.call_stats.lost == lost
    left_out = "a further call of 'Read' was left out: the client allows one"
    assert told.translator.notes.count(left_out) == lost


def test_where_one_call_is_wanted_the_answer_is_over_behind_it() -> None:
    translator = shown([text(written(A)), text(ENOUGH)], single_call=True).translator
    assert translator.is_over
    assert translator.failure is None  # though it did not come to its end


def test_where_one_call_is_wanted_one_that_is_asked_for_again_counts() -> None:
    content, requests, translator = shown([text(written(BROKEN, A)), DONE], single_call=True)
    assert (content, requests) == ([MENDED], 2)
    assert translator.call_stats.lost == 0


def test_what_is_void_is_not_remembered_as_written() -> None:
    answer = "First. " + written(A) + "Then. " + written(BROKEN) + "No. " + written(B)
    turn = shown([text(answer), DONE]).translator.turn
    assert turn is not None
    assert turn.call_ids == ("toolu_0", "toolu_1")
    assert turn.text == "First. \nThen. "
    assert turn.generated.startswith("First. " + written(A) + "Then. ")
    assert "/again" in turn.generated
    assert "No." not in turn.generated
    assert "many" not in turn.generated
