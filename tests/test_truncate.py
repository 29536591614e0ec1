"""Long results become their head and tail, and a line that says how much is left out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.truncate import (
    TRUNCATED_CHARACTERS,
    truncate_results,
    truncate_text,
)
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import ImageBlock, TextBlock, ToolResultBlock, ToolUseBlock

NOTE = re.compile(
    r"\n\[\.\.\. ([\d,]+) characters are left out here, because the window is too small \.\.\.\]\n"
)
LONG = "x" * (TRUNCATED_CHARACTERS + 1)


def parts(text: str) -> tuple[str, int, str]:
    """Return the head, how many characters are said to be left out, and the tail."""
    head, count, tail = NOTE.split(text)
    return head, int(count.replace(",", "")), tail


@pytest.mark.parametrize("text", ["", "short", "x" * 100])
def test_what_is_not_too_long_stays(text: str) -> None:
    assert truncate_text(text, 100) == text


def test_three_fifths_are_the_head_and_two_fifths_the_tail() -> None:
    text = "a" * 5000 + "b" * 5000
    assert parts(truncate_text(text, 100)) == ("a" * 60, 9900, "b" * 40)
    assert "9,900 characters" in truncate_text(text, 100)


@pytest.mark.parametrize(
    ("before", "head"),
    [
        ("a" * 59 + "\n", "a" * 59),  # the line ends where the head does
        ("a" * 58 + "\n" + "b", "a" * 58),
        ("a" * 45 + "\n" + "b" * 14, "a" * 45),  # not before three quarters of the head
        ("a" * 44 + "\n" + "b" * 15, "a" * 44 + "\n" + "b" * 15),
        ("a" * 46 + "\n" + "a" * 5 + "\n" + "b" * 7, "a" * 46 + "\n" + "a" * 5),
    ],
)
def test_the_head_ends_with_a_line_that_ends_near(before: str, head: str) -> None:
    shown, count, _ = parts(truncate_text(before + "c" * 1000, 100))
    assert shown == head
    kept = len(head) + (before[len(head) : len(head) + 1] == "\n")
    assert count == len(before) + 1000 - kept - 40


@pytest.mark.parametrize(
    ("behind", "tail"),
    [
        ("\n" + "a" * 39, "a" * 39),
        ("b" * 9 + "\n" + "a" * 30, "a" * 30),  # not behind a quarter of the tail
        ("b" * 10 + "\n" + "a" * 29, "b" * 10 + "\n" + "a" * 29),
        ("b" * 3 + "\n" + "a" * 3 + "\n" + "a" * 32, "a" * 3 + "\n" + "a" * 32),
    ],
)
def test_the_tail_begins_with_a_line_that_begins_near(behind: str, tail: str) -> None:
    _, count, shown = parts(truncate_text("c" * 1000 + behind, 100))
    assert shown == tail
    assert count == 1000 + len(behind) - 60 - len(tail)


def test_white_space_beside_the_note_is_not_shown() -> None:
    text = "a" * 50 + " " * 2000 + "b" * 30
    assert parts(truncate_text(text, 100)) == ("a" * 50, 1980, "b" * 30)


@given(st.text("ab\n ", min_size=300, max_size=2000), st.integers(100, 250))
def test_head_tail_and_what_is_left_out_are_the_whole(text: str, most: int) -> None:
    head, count, tail = parts(truncate_text(text, most))
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + len(tail) <= most
    assert 0 < count <= len(text) - len(head) - len(tail)
    unseen = text[len(head) : len(text) - len(tail)]
    assert len(unseen.strip()) <= count  # what is neither said nor shown is white space
    assert len(text) - count <= most


def test_only_texts_of_results_are_truncated() -> None:
    image = ImageBlock({"type": "base64"})
    call = ToolUseBlock("toolu_1", "Write", {"content": LONG})
    result = ToolResultBlock("toolu_0", (TextBlock(LONG), image, TextBlock("short")), is_error=True)
    message = Message("user", (TextBlock(LONG), result, call))
    said, shown, same_call = truncate_results(message).content
    assert (said, same_call) == (TextBlock(LONG), call)
    assert isinstance(shown, ToolResultBlock)
    assert (shown.tool_use_id, shown.is_error) == ("toolu_0", True)
    assert shown.content[1:] == (image, TextBlock("short"))
    assert isinstance(shown.content[0], TextBlock)
    head, count, tail = parts(shown.content[0].text)
    assert (len(head), count, len(tail)) == (960, 1, 640)


def test_a_truncated_message_is_not_as_the_client_sent_it() -> None:
    result = ToolResultBlock("toolu_0", (TextBlock(LONG),))
    shown = truncate_results(Message("user", (result,), raw=[{"type": "tool_result"}]))
    assert (shown.role, shown.raw) == ("user", None)


@pytest.mark.parametrize("text", ["x" * TRUNCATED_CHARACTERS, ""])
def test_a_message_without_long_results_is_the_same(text: str) -> None:
    message = Message("user", (ToolResultBlock("toolu_0", (TextBlock(text),)), TextBlock(LONG)))
    assert truncate_results(message) is message


def test_fewer_characters_may_be_wanted() -> None:
    message = Message("user", (ToolResultBlock("toolu_0", (TextBlock(LONG),)),))
    (shown,) = truncate_results(message, 300).content
    assert isinstance(shown, ToolResultBlock)
    assert shown.content == (TextBlock(truncate_text(LONG, 300)),)
