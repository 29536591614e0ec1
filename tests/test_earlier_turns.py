"""Turns that left: their requests and replies, their edits, and what was in progress."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.edits import find_edits
from ollama_claude_proxy.sessions.recall.open_work import find_open_work
from ollama_claude_proxy.wire.anthropic import Message
from support.chat import REMINDER, call, result, said


def earlier(*messages: Message, start: int = 0, end: int | None = None) -> EarlierTurns:
    return EarlierTurns(messages, start, len(messages) if end is None else end)


def edit(path: str, old: str, new: str = "new") -> Message:
    return call("Edit", file_path=path, old_string=old, new_string=new)


TALK = (
    said("user", "Look at the heron."),
    said("assistant", "It nests."),
    call("Read", file_path="/heron.py"),
    result("class Heron: pass"),
    said("assistant", "It is a class.", "And short."),
    said("user", REMINDER, "Rename it."),
    said("assistant", "Renamed."),
)


def test_requests_and_statements_are_told_apart_with_their_turns() -> None:
    turns = earlier(*TALK)
    assert [(one.message, one.text, one.is_request) for one in turns.requests] == [
        (0, "Look at the heron.", True),
        (5, "Rename it.", True),
    ]
    assert [(one.message, one.text) for one in turns.statements] == [
        (1, "It nests."),
        (4, "It is a class."),
        (4, "And short."),
        (6, "Renamed."),
    ]
    assert [one.turn for one in turns.statements] == sorted(one.turn for one in turns.statements)
    assert not any(one.is_request for one in turns.statements)


@pytest.mark.parametrize(("start", "end", "requests"), [(1, 7, [5]), (0, 5, [0]), (5, 0, [])])
def test_only_what_left_is_told(start: int, end: int, requests: list[int]) -> None:
    turns = earlier(*TALK, start=start, end=end)
    assert [one.message for one in turns.requests] == requests
    assert list(turns.messages) == list(TALK[start:end])


@pytest.mark.parametrize(
    ("request_number", "end", "followed"),
    [
        (0, 7, ["It is a class.\nAnd short."]),
        (0, 4, ["It nests."]),
        (0, 1, []),
        (5, 7, ["Renamed."]),
        (5, 6, []),
        (9, 7, []),
        (-1, 7, []),
    ],
)
def test_what_followed_a_request_is_what_the_model_said_last_on_it(
    request_number: int, end: int, followed: list[str]
) -> None:
    assert after(earlier(*TALK, end=end), request_number) == followed


def after(turns: EarlierTurns, index: int, further: int = 0) -> list[str]:
    return [one.text for one in turns.exchange_after(index, further)]


@pytest.mark.parametrize(
    "answer",
    ["No, the other one.", "Yes.", "ok", "And in grey", "Actually, wait.", "Nein, lieber grau."],
)
def test_what_the_user_answered_shortly_belongs_to_what_followed(answer: str) -> None:
    talk = (said("user", "Draw it."), said("assistant", "In red?"), said("user", answer))
    turns = earlier(*talk, said("assistant", "Done."), said("user", "Test it."))
    assert after(turns, 0) == ["In red?", answer, "Done."]


@pytest.mark.parametrize("request_text", ["Test it.", "Northern birds.", f"No, {'x' * 3000}"])
def test_another_request_ends_what_followed(request_text: str) -> None:
    talk = (said("user", "Draw it."), said("assistant", "Drawn."), said("user", request_text))
    turns = earlier(*talk, said("assistant", "Well."))
    assert after(turns, 0) == ["Drawn."]
    assert after(turns, 0, further=1) == ["Drawn.", request_text, "Well."]


def test_what_was_written_on_a_request_belongs_to_what_followed() -> None:
    change = edit("/heron.py", "sleep(3)")
    read = call("Read", file_path="/heron.py")
    turns = earlier(said("user", "Faster."), read, change, said("assistant", "Done."))
    reply, written = turns.exchange_after(0)
    assert reply.text == "Done."
    assert (written.message, written.source) == (2, "Edit /heron.py")


EDITS = (
    edit("/heron.py", "sleep(3)"),
    call("Write", file_path="/heron.py", content="sleep(4)"),
    edit("/stork.py", "timeout = 5"),
    call("Bash", command="sed -i s/sleep/wait/ heron.py"),
    call("MultiEdit", file_path="/heron.py", edits=[{"old_string": "wait", "new_string": "hold"}]),
)


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        ("Undo that.", [4, 2, 0]),
        ("Undo the edit of stork.py", [2, 4, 0]),
        ("What was the sleep in the heron before?", [0, 4, 2]),
        ("the timeout of the stork", [2, 4, 0]),
    ],
)
def test_edits_with_the_words_of_the_question_come_first(words: str, messages: list[int]) -> None:
    found = find_edits(earlier(*EDITS), words, 9)
    assert [one.message for one in found] == messages
    assert [one.message for one in find_edits(earlier(*EDITS), words, 1)] == messages[:1]


def test_an_edit_is_shown_with_what_it_replaced() -> None:
    (found,) = find_edits(earlier(edit("/heron.py", "sleep(3)", "sleep(9)")), "undo", 1)
    assert "sleep(3)" in found.text
    assert "sleep(9)" in found.text
    assert found.source == "Edit /heron.py"


def work(*messages: Message) -> Sequence[str]:
    return [one.text for one in find_open_work(earlier(*messages))]


def test_the_last_request_and_the_reply_to_it_are_taken_up() -> None:
    assert work(said("user", "Find it."), said("assistant", "It is in a.py.")) == [
        "Find it.",
        "It is in a.py.",
    ]


def test_the_newest_requests_come_first_and_are_few() -> None:
    numbers = range(9)
    found = work(*(said("user", f"Request {number}.") for number in numbers))
    assert found == [f"Request {number}." for number in (8, 7, 6, 5)]


def test_the_noted_tasks_come_before_all_else() -> None:
    tasks = [
        call("TodoWrite", todos=[{"content": name, "status": "pending"}]) for name in ("old", "new")
    ]
    first, *others = work(said("user", "Go."), *tasks, said("assistant", "I'll test it."))
    assert "new" in first
    assert others == ["I'll test it.", "Go."]
    assert not any("old" in text for text in others)


@pytest.mark.parametrize(
    "text",
    [
        "Next I write the parser.",
        "Then comes the client.",
        "I'll write the client.",
        "Two tests remain.",
        "The client is still missing.",
        "What is left to do: the client.",
        "Als nächstes kommt der Client.",
        "Der Client fehlt noch.",
    ],
)
def test_what_the_model_announced_is_taken_up(text: str) -> None:
    talk = count()
    requests = [said("user", f"Request {next(talk)}.") for _ in range(4)]
    assert work(said("assistant", text), *requests)[0] == text
    assert "Authentic context." not in work(said("assistant", "Authentic context."), *requests)


def test_nothing_is_taken_up_where_nothing_left() -> None:
    assert work() == []
    assert find_edits(earlier(), "undo", 3) == []


@pytest.mark.parametrize("todos", ["odd", None, 5, [1]])
def test_odd_tasks_are_shown_as_they_are(todos: Any) -> None:
    assert len(work(call("TodoWrite", todos=todos))) == 1
