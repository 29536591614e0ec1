"""How long results may be behind a cut, so that the next one is many turns away."""

from typing import Any

import pytest

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.pace import later_result_characters
from ollama_claude_proxy.sessions.truncate import TRUNCATED_CHARACTERS, truncate_results
from ollama_claude_proxy.wire.anthropic import Message, parse_message

LEAST = 800


def turns(*lengths: int) -> list[Message]:
    """Return calls and their results, of so many characters each."""
    messages: list[Message] = []
    for number, length in enumerate(lengths):
        call: dict[str, Any] = {"type": "tool_use", "id": f"t{number}", "name": "Read", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": "r" * length}
        messages += [parse_message("assistant", [call]), parse_message("user", [result])]
    return messages


def characters(messages: list[Message], limit: int) -> int:
    return sum(len(message_text(truncate_results(message, limit))) for message in messages)


@pytest.mark.parametrize("lengths", [(), (900_000,), (900_000, 900_000)])
def test_too_few_turns_say_nothing(lengths: tuple[int, ...]) -> None:
    assert later_result_characters(turns(*lengths), 10_000) == 0


@pytest.mark.parametrize(
    ("lengths", "free"),
    [((5000,) * 12, 70_000), ((200,) * 60, 3000), ((9000, 100, 100, 100), 30_000)],
)
def test_nothing_is_limited_where_twelve_such_turns_fit(
    lengths: tuple[int, ...], free: int
) -> None:
    assert later_result_characters(turns(*lengths), free) == 0


@pytest.mark.parametrize("lengths", [(5000,) * 12, (2000, 8000) * 6, (100, 100, 20_000) * 4])
def test_long_results_are_limited_so_that_twelve_turns_fit(lengths: tuple[int, ...]) -> None:
    messages, free = turns(*lengths), 40_000
    limit = later_result_characters(messages, free)
    assert limit > TRUNCATED_CHARACTERS
    assert 0.85 * free < characters(messages, limit) <= free


def test_in_less_room_there_are_fewer_turns_and_not_shorter_results() -> None:
    assert later_result_characters(turns(*[5000] * 12), 13_000) == TRUNCATED_CHARACTERS


def test_in_little_room_six_turns_fit_as_long_as_something_is_left_of_a_result() -> None:
    messages = turns(*[5000] * 12)
    limit = later_result_characters(messages, 8000)
    assert LEAST < limit < TRUNCATED_CHARACTERS
    assert characters(messages, limit) // 2 <= 8000
    assert later_result_characters(messages, 100) == LEAST
    assert later_result_characters(messages, 0) == LEAST


def test_only_the_last_turns_count() -> None:
    assert later_result_characters(turns(*[90_000] * 20, *[100] * 12), 10_000) == 0
