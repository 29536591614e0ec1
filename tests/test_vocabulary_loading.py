"""A model's vocabulary is fetched once, and prompts are counted with it from the first turn on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client_requests import first_request, next_turn, send_request, session_headers
from support.fake_ollama import FakeModel, FakeOllama
from support.proxy import Proxy
from support.vocabularies import smollm2_model_info, smollm2_vocabulary

MODEL = "qwen2.5-coder:7b"
# The estimate is half of what the vocabulary has for it.
CHINESE = "今天天气很好，我们去公园散步。" * 60
TABLE = "".join(f"{number * 37 % 9973}\t{number * 7919 % 99991:x}\n" for number in range(1500))


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(FakeModel(MODEL, tokenizer=smollm2_model_info())) as ollama:
        ollama.count = lambda body: smollm2_vocabulary().count(ollama.prompt_of(body))
        yield ollama


def _verbose_shows(fake: FakeOllama) -> list[Any]:
    return [
        request
        for request in fake.requests
        if request.path == "/api/show" and request.body.get("verbose")
    ]


def _count(proxy: Proxy, body: dict[str, Any], session: str = "") -> int:
    reply = proxy.client.post(
        "/v1/messages/count_tokens", json={"model": "m"} | body, headers=session_headers(session)
    )
    counted: int = reply.json()["input_tokens"]
    return counted


def _has_vocabulary(proxy: Proxy) -> bool:
    """Whether a text is counted right of which the estimate is far off."""
    true = smollm2_vocabulary().count(CHINESE)
    return true < _count(proxy, {"messages": [{"role": "user", "content": CHINESE}]}) < 1.1 * true


def _counts_like_ollama(fake: FakeOllama, proxy: Proxy, body: dict[str, Any]) -> bool:
    """Whether a count is at most 3 % above, and not below, what Ollama then counts."""
    counted = _count(proxy, body)
    send_request(proxy, body)
    true = fake.count(fake.chats[-1])
    return true <= counted <= 1.03 * true


def test_the_first_turn_is_counted_with_the_vocabulary(fake: FakeOllama) -> None:
    with Proxy(fake.url) as proxy:
        fake.wait_for(lambda: _has_vocabulary(proxy))
        send_request(proxy, first_request("Hi"))  # so that it is known how tools are shown
        assert _counts_like_ollama(fake, proxy, first_request(TABLE))
        assert _counts_like_ollama(fake, proxy, first_request(CHINESE))
        assert len(_verbose_shows(fake)) == 1


def test_the_markup_of_messages_is_learned(fake: FakeOllama) -> None:
    body = first_request("Hi")
    with Proxy(fake.url) as proxy:
        fake.wait_for(lambda: _has_vocabulary(proxy))
        for _ in range(4):
            answer = send_request(proxy, body, session="a").json()
            body = next_turn(body, answer, "Go on.")
        many = first_request("Hi") | {"messages": body["messages"] * 20}
        assert _counts_like_ollama(fake, proxy, many)


def test_a_slow_vocabulary_is_waited_for_once_and_briefly(fake: FakeOllama) -> None:
    fake.vocabulary_seconds = 20.0
    with Proxy(fake.url) as proxy:
        started = time.monotonic()
        assert send_request(proxy, first_request("Hi")).status_code == 200
        assert send_request(proxy, first_request("Hi again")).status_code == 200
        assert time.monotonic() - started < fake.vocabulary_seconds
        assert not _has_vocabulary(proxy)
        assert len(_verbose_shows(fake)) == 1


@pytest.mark.parametrize(
    "tokenizer",
    [
        {},
        {"tokenizer.ggml.merges": "garbage"},
        {"tokenizer.ggml.merges": [1, None], "tokenizer.ggml.tokens": {}},
        {"tokenizer.ggml.model": "never heard of", "tokenizer.ggml.merges": ["a b"] * 100},
    ],
    ids=["absent", "a text", "other types", "another kind"],
)
def test_without_a_usable_vocabulary_tokens_are_estimated(
    fake: FakeOllama, tokenizer: dict[str, Any]
) -> None:
    fake.models[MODEL].tokenizer = tokenizer
    with Proxy(fake.url) as proxy:
        fake.wait_for(lambda: bool(_verbose_shows(fake)))
        assert send_request(proxy, first_request("Hi")).status_code == 200
        assert _counts_like_ollama(fake, proxy, first_request("Hi there"))
        assert not _has_vocabulary(proxy)
        assert len(_verbose_shows(fake)) == 1


def test_a_model_that_is_pulled_again_gets_its_new_vocabulary(fake: FakeOllama) -> None:
    with Proxy(fake.url) as proxy:
        fake.wait_for(lambda: _has_vocabulary(proxy))
        fake.models[MODEL].digest = "f" * 64
        assert len(_verbose_shows(fake)) == 1
        fake.wait_for(
            lambda: bool(send_request(proxy, first_request("Hi")) and len(_verbose_shows(fake)) > 1)
        )


@pytest.mark.parametrize("memory", ["private", "on"])
def test_the_vocabulary_is_not_written_to_disk(
    fake: FakeOllama, tmp_path: Path, memory: str
) -> None:
    with Proxy(
        fake.url, data=tmp_path / "sessions.db", cache=tmp_path / "templates.json", memory=memory
    ) as proxy:
        fake.wait_for(lambda: _has_vocabulary(proxy))
        send_request(proxy, first_request("Hi"))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) < 300_000


def test_a_prompt_that_ollama_counts_higher_is_fitted_again(fake: FakeOllama) -> None:
    fake.count = lambda body: int(1.3 * smollm2_vocabulary().count(fake.prompt_of(body)))
    window = 8192
    messages = [{"role": "user", "content": "Begin."}]
    for index in range(12):
        part = f"Part {index}: {TABLE[index * 99 :][:900]}"
        messages.append({"role": "assistant", "content": part})
        messages.append({"role": "user", "content": f"And number {index}?"})
    body = {"messages": messages, "max_tokens": 100}
    with Proxy(fake.url, num_ctx=window) as proxy:
        fake.wait_for(lambda: _has_vocabulary(proxy))
        assert send_request(proxy, body, session="s", kind="main").status_code == 200
    assert fake.count(fake.chats[-1]) < window
