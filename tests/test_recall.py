"""What is asked about a long session reaches the model, though the session exceeds its window."""

from collections.abc import Iterator

import pytest

from support.fake_models import library
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.recall_player import PlayedSession
from support.recall_sessions import generate
from support.recall_writer import Kind

SEED = 1
WINDOW = 16384
MODEL = "qwen2.5-coder:7b"
# The share of questions, in percent, whose answers must be shown; a search by words does not find
# what is asked in quite other words.
MINIMUM_FOUND = {
    Kind.RARE: 99,
    Kind.DECISION: 95,
    Kind.VALUE_NOW: 98,
    Kind.UNDO: 92,
    Kind.MIDDLE: 98,
    Kind.LIST: 85,
    Kind.ORDER: 90,
    Kind.PRONOUN: 80,
    Kind.CONTINUE: 98,
    Kind.GERMAN: 60,
    Kind.LOG: 97,
    Kind.TOOL_LOOP: 95,
    Kind.PARAPHRASE: 0,
}


@pytest.fixture(scope="module")
def played() -> Iterator[PlayedSession]:
    with FakeOllama(*library()) as fake:
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        fake.respond = lambda _body: answer("Ok.")
        with Proxy(fake.url, num_ctx=WINDOW, model=MODEL, embedding_model="off") as proxy:
            yield PlayedSession(fake, proxy, generate(SEED))


@pytest.mark.parametrize("kind", Kind)
def test_what_is_asked_about_a_long_session_is_shown(played: PlayedSession, kind: Kind) -> None:
    asked = played.missing(kind)
    found = 100 * sum(not missing for _, missing in asked) / len(asked)
    failures = [f"{question.wording!r}: {gone}" for question, gone in asked if gone]
    report = "\n".join([f"{kind}: {found:.0f} % of {len(asked)} found, missing:", *failures])
    print(report)
    assert found >= MINIMUM_FOUND[kind], report
