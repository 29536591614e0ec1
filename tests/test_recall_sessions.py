"""The generated sessions are as a client sends them, and their questions are not too easy."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from support.recall_sessions import RecallSession, generate
from support.recall_writer import Kind, Question, texts_of

SEEDS = (1, 2)
# More than a window of 16,384 tokens has left for turns once it was cut.
TAIL_CHARACTERS = 40_000


@pytest.fixture(scope="module", params=SEEDS)
def session(request: pytest.FixtureRequest) -> RecallSession:
    return generate(request.param)


def content_words(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower())} - {"what", "which", "that"}


def said_by(session: RecallSession, question: Question) -> str:
    """Return the messages that hold an answer."""
    texts = (texts_of([message]) for message in session.messages)
    return "\n".join(text for text in texts if any(one in text for one in question.answers))


def test_a_session_has_the_length_that_was_asked_for() -> None:
    for tokens in (60_000, 150_000):
        assert 0.9 < len(texts_of(generate(1, tokens).messages)) / 4 / tokens < 1.1


def test_the_same_seed_gives_the_same_session(session: RecallSession) -> None:
    assert [generate(seed) == session for seed in SEEDS].count(True) == 1


def test_every_kind_is_asked_in_several_ways(session: RecallSession) -> None:
    wordings = {(question.kind, question.wording) for question in session.questions}
    assert len(wordings) == len(session.questions)
    assert min(Counter(kind for kind, _ in wordings).values()) >= 4


def test_a_result_follows_its_call(session: RecallSession) -> None:
    assert all(one["role"] != other["role"] for one, other in pairwise(session.messages))
    for message, following in pairwise(session.messages):
        calls = [block["id"] for block in message["content"] if "input" in block]
        if calls:
            assert [block["tool_use_id"] for block in following["content"]] == calls


def test_an_answer_was_said_and_is_not_in_its_question(session: RecallSession) -> None:
    for question in session.questions:
        before = texts_of(session.messages[: question.asked_after])
        asked = texts_of(question.messages)
        assert [text for text in question.answers if text not in before] == [], question.wording
        assert [text for text in question.answers if text in asked] == [], question.wording


def test_no_answer_is_among_the_newest_turns(session: RecallSession) -> None:
    tail = texts_of(session.messages)[-TAIL_CHARACTERS:]
    asked = [question for question in session.questions if question.kind != Kind.CONTINUE]
    assert [
        question.wording for question in asked if all(a in tail for a in question.answers)
    ] == []


def test_a_paraphrase_shares_no_word_with_its_answer(session: RecallSession) -> None:
    for question in session.questions:
        if question.kind == Kind.PARAPHRASE:
            shared = content_words(question.wording) & content_words(said_by(session, question))
            assert shared == set(), question.wording
