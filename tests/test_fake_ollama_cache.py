"""The fake's prompt cache keeps and drops what that of a real Ollama 0.32.15 did."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.cache_prompts import (
    DISSIMILAR,
    FLUSH,
    HEAD,
    MAIN,
    MODEL,
    SAME_HEAD,
    SEVEN_TURNS,
    TWELVE_TURNS,
    cached_tokens,
    chat_body,
    numbered_words,
    send_chat,
)
from support.fake_kv_cache import tokenize
from support.fake_ollama import Call, FakeOllama, answer
from support.raw_http_client import RawHttpClient


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(slots=1) as ollama:
        yield ollama


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawHttpClient]:
    with RawHttpClient(fake.url) as connection:
        yield connection


# What ran in between, and whose common beginning with the main conversation is left of it.
BETWEEN: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "nothing": ([], MAIN),
    "a dissimilar one": ([DISSIMILAR], MAIN),
    "a short dissimilar one": ([FLUSH], MAIN),
    "the same head": ([SAME_HEAD], SAME_HEAD),
    "the same head, then a dissimilar one": ([SAME_HEAD, FLUSH], MAIN),
    "half of the turns": ([SEVEN_TURNS], SEVEN_TURNS),
    "half of the turns, then a dissimilar one": ([SEVEN_TURNS, FLUSH], SEVEN_TURNS),
    "most of the turns": ([TWELVE_TURNS], TWELVE_TURNS),
    "four others": ([chat_body(numbered_words(tag, 9000), "Hi") for tag in "qrst"], MAIN),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_as_many_tokens_stay_cached_as_in_a_real_ollama(
    fake: FakeOllama, client: RawHttpClient, name: str
) -> None:
    between, left = BETWEEN[name]
    for body in [MAIN, *between, MAIN]:
        send_chat(client, body)
    same, tokens = fake.shared_prefix(MAIN, left)
    assert cached_tokens(fake) == min(same, tokens - 1)
    assert 20_000 < tokens < 22_000


def test_two_slots_do_not_help_against_a_prompt_with_the_same_start() -> None:
    with FakeOllama(slots=2) as fake, RawHttpClient(fake.url) as client:
        for body in (MAIN, SAME_HEAD, MAIN):
            send_chat(client, body)
        assert cached_tokens(fake) == fake.shared_prefix(MAIN, SAME_HEAD)[0]


def test_a_dissimilar_request_takes_the_empty_slot() -> None:
    with FakeOllama(slots=2, ram_tokens=0) as fake, RawHttpClient(fake.url) as client:
        for body in (MAIN, DISSIMILAR, MAIN):
            send_chat(client, body)
        assert cached_tokens(fake) == fake.shared_prefix(MAIN, MAIN)[0] - 1


def test_the_oldest_saved_prompt_is_dropped() -> None:
    with FakeOllama(slots=1, ram_tokens=25_000) as fake, RawHttpClient(fake.url) as client:
        others = [chat_body(numbered_words(tag, 9000), "Hi") for tag in "qr"]
        for body in [MAIN, *others, MAIN]:
            send_chat(client, body)
        assert cached_tokens(fake) < 20


def test_the_next_turn_reads_only_what_is_new(fake: FakeOllama, client: RawHttpClient) -> None:
    fake.script(answer("All", " of it."))
    before = chat_body(HEAD, "What is there?")
    after = chat_body(HEAD, "What is there?", "All of it.", "Go on.")
    said = send_chat(client, before)
    line = send_chat(client, after)
    (_, first, all_of_it), (_, second, read) = fake.reads
    assert (first, all_of_it) == (said["prompt_eval_count"], first)
    assert line["prompt_eval_count"] == second
    assert 0 < read < second - first


def test_a_call_stays_in_the_slot_as_the_model_wrote_it(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    raw = '<tool_call>\n{"name": "Read", "arguments": {"path": "/a"}}\n</tool_call>'
    tools = [{"type": "function", "function": {"name": "Read", "parameters": {"properties": {}}}}]
    fake.script(answer(Call("Read", {"path": "/a"})))
    before = chat_body(HEAD, "Read it.") | {"tools": tools}
    send_chat(client, before)
    send_chat(client, chat_body(HEAD, "Read it.", raw, "Go on.") | {"tools": tools})
    assert cached_tokens(fake) > fake.reads[0][1] + len(tokenize(raw)) - 2


def test_an_image_is_a_thousand_tokens_where_it_stands(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    seen = {"model": "qwen3.5:9b", "options": {"num_ctx": 32768}}
    picture = {"role": "user", "content": "Look.", "images": ["aGk="]}
    without = [{"role": "user", "content": "Look."}]
    more = [picture, {"role": "assistant", "content": "A cat."}, {"role": "user", "content": "Yes"}]
    other = [picture | {"images": ["aG8="]}]
    for messages in ([picture], more):
        send_chat(client, seen | {"messages": messages})
    bare = fake.shared_prefix(seen | {"messages": without}, seen | {"messages": without})[1]
    assert fake.reads[0][1] == bare + 1000
    assert cached_tokens(fake) > 1000
    assert fake.shared_prefix(seen | {"messages": other}, seen | {"messages": more})[0] < bare


def test_a_rendering_uses_no_slot(fake: FakeOllama, client: RawHttpClient) -> None:
    send_chat(client, MAIN)
    client.request("POST", "/api/chat", DISSIMILAR | {"_debug_render_only": True})
    send_chat(client, MAIN)
    assert (len(fake.reads), fake.reads[-1][2]) == (2, 1)


FORGETS: dict[str, list[dict[str, Any]]] = {
    "another window": [FLUSH | {"options": {"num_ctx": 8192}}],
    "another shift": [FLUSH | {"shift": False}],
    "an answer that is to be the last": [FLUSH | {"keep_alive": 0}],
    "unloading": [{"model": MODEL, "keep_alive": 0}],
    "a rendering in another window": [
        FLUSH | {"options": {"num_ctx": 8192}, "_debug_render_only": True}
    ],
}


@pytest.mark.parametrize("name", FORGETS)
def test_loading_a_model_empties_its_cache(
    fake: FakeOllama, client: RawHttpClient, name: str
) -> None:
    send_chat(client, MAIN)
    for body in FORGETS[name]:
        client.request("POST", "/api/chat", body)
    loaded, warm = send_chat(client, MAIN), send_chat(client, MAIN)
    assert loaded["load_duration"] >= 1e9 > warm["load_duration"]
    assert fake.reads[-2][1] == fake.reads[-2][2]


def test_stopping_ollama_empties_the_cache(fake: FakeOllama, client: RawHttpClient) -> None:
    send_chat(client, MAIN)
    fake.stop()
    fake.start()
    with RawHttpClient(fake.url) as again:
        send_chat(again, MAIN)
    assert cached_tokens(fake) == 0


@pytest.mark.parametrize("only_one_fits", [True, False])
def test_another_model_evicts_this_one_if_only_one_fits(
    fake: FakeOllama, client: RawHttpClient, *, only_one_fits: bool
) -> None:
    fake.only_one_fits = only_one_fits
    for body in (MAIN, FLUSH | {"model": "smollm2:135m"}, MAIN):
        send_chat(client, body)
    assert (cached_tokens(fake) == 0) == only_one_fits
    assert len(fake.loaded) == (1 if only_one_fits else 2)
