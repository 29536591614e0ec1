"""Whatever Ollama sends, the events keep the grammar and say what was sent."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.errors import OllamaBusy
from ollama_claude_proxy.translate.request.plan import Expectations, Plan
from ollama_claude_proxy.translate.response.collect_message import collect_message
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.chat import ChatChunk, ChatMessage, ModelRequest
from ollama_claude_proxy.wire.events import Event
from ollama_claude_proxy.wire.ollama import decode_chat_chunk
from support.stream_grammar import check_events, merge

SCHEMA = {"type": "object", "properties": {"file_path": {"type": "string"}}}
TOOLS = Toolbox([OfferedTool("Read", SCHEMA)])
READ = {"id": "call_1", "function": {"name": "Read", "arguments": {"file_path": "/a"}}}


def line(content: str = "", thinking: str = "", *calls: dict[str, Any]) -> ChatChunk:
    message = {"role": "assistant", "content": content, "thinking": thinking}
    return decode_chat_chunk(
        msgspec.json.encode({"message": {**message, "tool_calls": list(calls)}, "done": False})
    )


def done(reason: str = "stop", *calls: dict[str, Any], tokens: int = 3) -> ChatChunk:
    message = {"role": "assistant", "content": "", "tool_calls": list(calls)}
    return decode_chat_chunk(
        msgspec.json.encode(
            {
                "message": message,
                "done": True,
                "done_reason": reason,
                "prompt_eval_count": 100,
                "eval_count": tokens,
            }
        )
    )


def planned(expectations: Expectations) -> Plan:
    model_request = ModelRequest(model="m", messages=[ChatMessage("user", "Hi")])
    return Plan(
        model_request=model_request, expectations=expectations, prompt_tokens=90, window=8192
    )


def translate(
    lines: list[ChatChunk], **expectations: Any
) -> tuple[StreamTranslator, list[dict[str, Any]]]:
    numbers = itertools.count()
    defaults: dict[str, Any] = {"toolbox": TOOLS, "reads_calls": True, "shows_thinking": True}
    translator = StreamTranslator(
        planned(Expectations(**(defaults | expectations))),
        message_id="msg_1",
        model="m",
        new_tool_id=lambda: f"toolu_{next(numbers)}",
    )
    events: list[Event] = translator.start()
    for one in lines:
        events += translator.feed(one)
    events += translator.finish()
    built: list[dict[str, Any]] = [msgspec.to_builtins(event) for event in events]
    check_events(built)
    if translator.failure is None:
        assert collect_message(events) == merge(built)
    return translator, built


def blocks(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    content = merge(events)["content"]
    keys = {"text": "text", "thinking": "thinking", "tool_use": "input"}
    return [(block["type"], block[keys[block["type"]]]) for block in content]


@pytest.mark.parametrize(
    ("lines", "content", "stop_reason"),
    [
        ([line("Hel"), line("lo"), done()], [("text", "Hello")], "end_turn"),
        ([done(tokens=1)], [], "end_turn"),
        ([line("Hello"), done("length")], [("text", "Hello")], "max_tokens"),
        ([line("", "", READ), done()], [("tool_use", {"file_path": "/a"})], "tool_use"),
        ([done("stop", READ)], [("tool_use", {"file_path": "/a"})], "tool_use"),
        (
            [line("", "Hm"), line("", "m."), line("Yes"), done()],
            [("thinking", "Hmm."), ("text", "Yes")],
            "end_turn",
        ),
        (
            [line("I'll read.\n\n"), line("", "", READ, READ), done()],
            [
                ("text", "I'll read.\n\n"),
                ("tool_use", {"file_path": "/a"}),
                ("tool_use", {"file_path": "/a"}),
            ],
            "tool_use",
        ),
        (
            [line("", "", READ), line("\n\n"), line("Then this."), done()],
            [("tool_use", {"file_path": "/a"}), ("text", "\n\nThen this.")],
            "tool_use",
        ),
        (
            [line("Text."), line("", "More."), line("End."), done()],
            [("text", "Text."), ("thinking", "More."), ("text", "End.")],
            "end_turn",
        ),
    ],
)
def test_an_answer_is_translated_block_by_block(
    lines: list[ChatChunk], content: list[tuple[str, Any]], stop_reason: str
) -> None:
    _, events = translate(lines)
    assert blocks(events) == content
    assert merge(events)["stop_reason"] == stop_reason


def test_blank_text_before_a_call_makes_no_block() -> None:
    _, events = translate([line("\n\n"), line("", "", READ), done()])
    assert blocks(events) == [("tool_use", {"file_path": "/a"})]


@pytest.mark.parametrize(
    "lines",
    [
        [line("Ok."), done("length", READ)],
        [line("Ok."), line("", "", READ), done("length")],
    ],
    ids=["in the last line", "in the line before"],
)
def test_a_call_cut_off_by_the_token_limit_is_dropped(lines: list[ChatChunk]) -> None:
    translator, events = translate(lines)
    assert blocks(events) == [("text", "Ok.")]
    assert merge(events)["stop_reason"] == "max_tokens"
    assert translator.notes


def test_a_call_that_was_complete_before_the_limit_is_kept() -> None:
    _, events = translate([line("", "", READ), line("And then"), done("length")])
    assert blocks(events) == [("tool_use", {"file_path": "/a"}), ("text", "And then")]


def test_a_stream_without_an_end_is_an_error() -> None:
    translator, events = translate([line("Hello"), line("", "", READ)])
    assert events[-1]["type"] == "error"
    assert "tool_use" not in str(events)
    assert translator.failure is not None


def test_an_answer_that_ollama_swallowed_is_an_error() -> None:
    translator, events = translate([done(tokens=20)])
    assert events[-1]["type"] == "error"
    assert "20 tokens" in (translator.failure.message if translator.failure else "")


def test_a_call_that_ollama_dropped_beside_text_is_noted() -> None:
    translator, events = translate([line("Ok."), done(tokens=40)])
    assert blocks(events) == [("text", "Ok.")]
    assert translator.notes == ["38 tokens are missing, perhaps a call that Ollama dropped"]


def test_a_call_when_no_tool_was_offered_is_text() -> None:
    _, events = translate([done("stop", READ)], toolbox=Toolbox())
    assert blocks(events) == [("text", '{"name":"Read","arguments":{"file_path":"/a"}}')]


def test_thinking_that_was_not_requested_is_not_shown() -> None:
    _, events = translate([line("", "Hm."), line("Yes."), done()], shows_thinking=False)
    assert blocks(events) == [("text", "Yes.")]


def test_an_answer_of_only_thinking_is_shown() -> None:
    _, events = translate([line("", "It is 4."), done()], shows_thinking=False)
    assert blocks(events) == [("text", "It is 4.")]


def test_usage_is_what_ollama_counted() -> None:
    _, events = translate([line("Hi"), done(tokens=7)])
    usage = merge(events)["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (100, 7)


@given(cuts=st.lists(st.integers(0, 30)), text=st.just("one two STOP three"))
def test_a_stop_sequence_is_found_under_any_chunking(cuts: list[int], text: str) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    _, events = translate([*map(line, pieces), done()], stop_sequences=("STOP", "TOP"))
    message = merge(events)
    assert blocks(events) == [("text", "one two ")]
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "STOP")


def test_text_that_only_begins_like_a_stop_sequence_is_kept() -> None:
    _, events = translate([line("one ST"), line("AND STO"), done()], stop_sequences=("STOP",))
    assert blocks(events) == [("text", "one STAND STO")]


def test_a_prefilled_beginning_is_not_repeated() -> None:
    _, events = translate([line("I th"), line("ink so."), done()], prefill="I think")
    assert blocks(events) == [("text", " so.")]


pieces = st.one_of(
    st.builds(line, st.text()),
    st.builds(line, st.just(""), st.text()),
    st.builds(lambda: line("", "", READ)),
)


@given(
    lines=st.lists(pieces),
    end=st.sampled_from([[], [done()], [done("length")], [done("stop", READ)], [done("load")]]),
    stops=st.sampled_from([(), ("a",), ("\n\n", "ab")]),
    thinking=st.booleans(),
    offered=st.booleans(),
)
def test_every_answer_keeps_the_grammar(
    *,
    lines: list[ChatChunk],
    end: list[ChatChunk],
    stops: tuple[str, ...],
    thinking: bool,
    offered: bool,
) -> None:
    tools = TOOLS if offered else Toolbox()
    translate([*lines, *end], stop_sequences=stops, shows_thinking=thinking, toolbox=tools)


@given(lines=st.lists(pieces))
def test_a_failure_at_any_moment_keeps_the_grammar(lines: list[ChatChunk]) -> None:
    translator = StreamTranslator(
        planned(Expectations(toolbox=TOOLS, reads_calls=True, shows_thinking=True)),
        message_id="msg_1",
        model="m",
        new_tool_id=lambda: "toolu_1",
    )
    events: list[Event] = translator.start()
    for one in lines:
        events += translator.feed(one)
    events += translator.fail(OllamaBusy("It is busy."))
    built = [msgspec.to_builtins(event) for event in events]
    check_events(built)
    assert built[-1]["error"]["type"] == "overloaded_error"
