"""The messages that are sent to Ollama for those of the client."""

from typing import Any

import pytest

from support.chat_body import chat_body
from support.plan_requests import (
    READ_TOOL,
    assistant_message,
    make_plan,
    make_profile,
    sent_messages,
    text_block,
    tool_result,
    tool_use,
    user_message,
)

PIXEL = "iVBORw0KGgo="
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}


@pytest.mark.parametrize(
    ("system", "instructions"),
    [
        ("Be brief.", "Be brief."),
        ([text_block("Be brief."), text_block("Be kind.")], "Be brief.\n\nBe kind."),
        (
            [
                text_block("x-anthropic-billing-header: cc_version=2.1.330.abc;"),
                text_block("Be brief."),
            ],
            "Be brief.",
        ),
        ([text_block("Be brief.") | {"cache_control": {"type": "ephemeral"}}], "Be brief."),
    ],
)
def test_instructions_are_the_system_message(system: Any, instructions: str) -> None:
    assert sent_messages(system=system)[0] == {"role": "system", "content": instructions}


def test_a_string_and_a_block_are_the_same_prompt() -> None:
    as_string = sent_messages(messages=[{"role": "user", "content": "Hi"}])
    assert as_string == sent_messages(messages=[user_message("Hi")])


def test_a_call_and_its_result_carry_their_names() -> None:
    messages = [
        user_message("Read /a"),
        assistant_message("Sure.", tool_use(file_path="/a")),
        user_message(tool_result()),
    ]
    assert sent_messages(messages=messages, tools=[READ_TOOL])[1:] == [
        {
            "role": "assistant",
            "content": "Sure.",
            "tool_calls": [
                {"id": "t1", "function": {"name": "Read", "arguments": {"file_path": "/a"}}}
            ],
        },
        {"role": "tool", "content": "ok", "tool_name": "Read", "tool_call_id": "t1"},
    ]


def test_parallel_results_are_in_the_order_of_their_calls() -> None:
    calls = assistant_message(tool_use("a"), tool_use("b"), tool_use("c"))
    messages = [
        user_message("Go"),
        calls,
        user_message(tool_result("c"), tool_result("a"), tool_result("b")),
    ]
    assert [message["tool_call_id"] for message in sent_messages(messages=messages)[2:]] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (tool_result(content="oops", is_error=True), "Error: oops"),
        (
            tool_result(content="<tool_use_error>no</tool_use_error>", is_error=True),
            "<tool_use_error>no</tool_use_error>",
        ),
        (tool_result(content=[text_block("a"), text_block("b")]), "a\nb"),
        (tool_result(content=None), ""),
        (
            tool_result(content=[{"type": "new_thing", "x": 1}]),
            '[block of type new_thing] {"type":',
        ),
    ],
)
def test_results_of_every_form_are_shown(content: dict[str, Any], shown: str) -> None:
    messages = [user_message("Go"), assistant_message(tool_use()), user_message(content)]
    assert sent_messages(messages=messages)[-1]["content"].startswith(shown)


def test_an_image_is_sent_to_a_vision_model() -> None:
    messages = [
        user_message("What is it?", IMAGE),
        assistant_message(tool_use()),
        user_message(tool_result(content=[IMAGE])),
    ]
    messages_sent = sent_messages(messages=messages)
    assert messages_sent[0]["images"] == [PIXEL]
    assert messages_sent[2]["images"] == [PIXEL]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (IMAGE, "cannot see images"),
        ({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}, "base64"),
    ],
)
def test_an_image_that_cannot_be_shown_is_replaced_by_a_note(
    image: dict[str, Any], reason: str
) -> None:
    blind = make_plan(
        make_profile(capabilities=frozenset({"completion"})), messages=[user_message("Look", image)]
    )
    message = chat_body(blind)["messages"][0]
    assert "images" not in message
    assert reason in message["content"]
    assert any(reason in note for note in blind.notes)


def test_an_image_with_invalid_base64_does_not_break_the_history() -> None:
    broken = {"type": "image", "source": IMAGE["source"] | {"data": "!!"}}  # type: ignore[operator]
    message = sent_messages(messages=[user_message("Look", broken)])[0]
    assert "not base64" in message["content"]


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "document", "source": {"type": "text", "data": "The text."}}, "The text."),
        (
            {"type": "document", "source": {"type": "content", "content": [text_block("Inside.")]}},
            "Inside.",
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
            "[document of type application/pdf: not shown",
        ),
        (
            {
                "type": "search_result",
                "source": "s",
                "title": "T",
                "content": [text_block("Found.")],
            },
            "T\ns\n\nFound.",
        ),
        ({"type": "surprise", "a": [1]}, '[block of type surprise] {"type":"surprise","a":[1]}'),
    ],
)
def test_other_blocks_are_shown_as_text(block: dict[str, Any], shown: str) -> None:
    assert sent_messages(messages=[user_message(block)])[0]["content"].startswith(shown)


def test_a_system_message_in_the_middle_becomes_text_of_the_turn_before_it() -> None:
    middle = {"role": "system", "content": "The date is known."}
    reminder = "<system-reminder>\nThe date is known.\n</system-reminder>"
    messages = [
        user_message("Hi"),
        middle,
        assistant_message(tool_use()),
        user_message(tool_result()),
        middle,
    ]
    shown = sent_messages(messages=messages)
    assert [message["role"] for message in shown] == ["user", "assistant", "tool"]
    assert shown[0]["content"] == f"{reminder}\n\nHi"
    assert shown[2]["content"] == f"ok\n\n{reminder}"


def test_a_reminder_beside_a_result_stays_with_it_and_words_of_the_user_do_not() -> None:
    reminder = "<system-reminder>\nNote.\n</system-reminder>"
    messages = [
        user_message("Go"),
        assistant_message(tool_use()),
        user_message(tool_result(), reminder, "Stop now."),
    ]
    shown = sent_messages(messages=messages)[2:]
    assert [message["content"] for message in shown] == [f"ok\n\n{reminder}", "Stop now."]


def test_thinking_of_earlier_turns_is_sent_to_a_thinking_model() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    messages = [
        user_message("Go"),
        assistant_message(thought, {"type": "redacted_thinking", "data": "x"}, "Yes."),
    ]
    assert sent_messages(messages=messages)[1] == {
        "role": "assistant",
        "content": "Yes.",
        "thinking": "Hm.",
    }
    plain = make_plan(make_profile(capabilities=frozenset({"completion"})), messages=messages)
    assert "thinking" not in chat_body(plain)["messages"][1]
