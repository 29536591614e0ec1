"""Earlier text is found by its meaning, with an embedding model."""

import time
from collections.abc import Iterator

import pytest

from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.timeouts import HANG_SECONDS
from support.turn_writer import Message, TurnWriter

EMBEDDING = FakeModel("nomic-embed-text:latest", capabilities=frozenset({"embedding"}))
# What each number of a vector stands for.
MEANINGS = (("kestrel", "bird"), ("budget", "money"), ("deadline", "due"), ("password", "secret"))
SAID = "The kestrel nests behind the mill."
ASKED = "Which bird did I mention?"


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), EMBEDDING) as ollama:
        ollama.respond = lambda _body: answer("Ok.")
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 4
        ollama.embed = lambda text: [
            *(float(any(word in text for word in words)) for words in MEANINGS),
            0.1,
        ]
        yield ollama


def long_session() -> list[Message]:
    writer = TurnWriter(21)
    messages: list[Message] = [{"role": "user", "content": "Begin."}]
    messages += writer.talk("Hello.", SAID)
    messages += writer.talk("Now to work.", "A fine place.")
    for _ in range(100):
        messages += writer.work_turn()
    return messages


def send(proxy: Proxy, messages: list[Message]) -> str:
    headers = {"x-claude-code-session-id": "s", "x-claude-code-request-class": "main"}
    body = {"model": "x", "max_tokens": 100, "messages": messages, "tools": []}
    reply = proxy.client.post("/v1/messages", json=body, headers=headers)
    assert reply.status_code == 200
    return str(reply.headers.get("x-ocp-memory"))


def wait_for_vectors(fake: FakeOllama) -> None:
    """Wait until no further passages are embedded."""
    deadline = time.monotonic() + HANG_SECONDS
    before = -1
    while (now := embed_requests(fake)) != before or not now:
        before = now
        assert time.monotonic() < deadline
        time.sleep(0.3)


def embed_requests(fake: FakeOllama) -> int:
    return sum(request.path == "/api/embed" for request in fake.requests)


def test_text_in_other_words_is_found_by_its_meaning(fake: FakeOllama) -> None:
    messages = long_session()
    with Proxy(fake.url, num_ctx=8192) as proxy:
        assert "left=" in send(proxy, messages)
        wait_for_vectors(fake)
        next_messages = [*messages, {"role": "assistant", "content": "Ok."}]
        send(proxy, [*next_messages, {"role": "user", "content": ASKED}])
    assert SAID in fake.prompt_of(fake.chats[-1])
    bodies = [request.body for request in fake.requests if request.path == "/api/embed"]
    assert all(body["options"] == {"num_gpu": 0} for body in bodies)
    assert bodies[0]["input"][0].startswith("search_document: ")
    assert [f"search_query: {ASKED}"] in [body["input"] for body in bodies]


def test_without_an_embedding_model_only_words_are_searched(fake: FakeOllama) -> None:
    messages = long_session()
    with Proxy(fake.url, num_ctx=8192, embedding_model="off") as proxy:
        send(proxy, messages)
        next_messages = [*messages, {"role": "assistant", "content": "Ok."}]
        send(proxy, [*next_messages, {"role": "user", "content": ASKED}])
    assert SAID not in fake.prompt_of(fake.chats[-1])
    assert embed_requests(fake) == 0


def test_a_short_session_is_not_embedded(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192) as proxy:
        send(proxy, long_session()[:9])
        time.sleep(0.2)
    assert embed_requests(fake) == 0


def test_a_model_without_embeddings_does_not_fail_a_turn(
    fake: FakeOllama, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, num_ctx=8192, embedding_model="smollm2:135m") as proxy:
        send(proxy, long_session())
        deadline = time.monotonic() + HANG_SECONDS
        while "search by meaning is paused" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        send(
            proxy,
            [*long_session(), {"role": "assistant", "content": "Ok."}, *long_session()[:1]],
        )
    assert embed_requests(fake) == 1
