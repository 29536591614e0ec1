"""Requests to the fake Ollama wait for a slot, and report what was read."""

import json
import threading
from collections.abc import Iterator

import pytest

from support.cache_prompts import (
    DISSIMILAR,
    FLUSH,
    MAIN,
    cached_tokens,
    send_chat,
)
from support.fake_ollama import FakeOllama, RawText, WaitFor, answer
from support.raw_http_client import RawHttpClient


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(slots=1) as ollama:
        yield ollama


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawHttpClient]:
    with RawHttpClient(fake.url) as connection:
        yield connection


def test_a_request_waits_in_silence_until_the_slot_is_free(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    done = threading.Event()
    fake.script(answer("First", WaitFor(done)), answer("Second"))
    with RawHttpClient(fake.url) as waiting, RawHttpClient(fake.url) as dropped:
        client.send("POST", "/api/chat", MAIN)
        client.read_head()
        dropped.send("POST", "/api/chat", DISSIMILAR)
        fake.wait_for(lambda: fake.waiting == 1)
        waiting.send("POST", "/api/chat", FLUSH)
        fake.wait_for(lambda: fake.waiting == 2)
        dropped.close()
        fake.wait_for(lambda: fake.disconnects == 1)
        assert len(fake.reads) == 1
        done.set()
        assert b'"content":"Second"' in waiting.read().body
    assert [tokens for _, tokens, _ in fake.reads] == [
        fake.shared_prefix(body, body)[1] for body in (MAIN, FLUSH)
    ]


def test_two_slots_run_two_requests_at_once() -> None:
    done = threading.Event()
    with (
        FakeOllama(slots=2) as fake,
        RawHttpClient(fake.url) as first_client,
        RawHttpClient(fake.url) as second_client,
    ):
        fake.script(answer("First", WaitFor(done)), answer("Second"))
        first_client.send("POST", "/api/chat", MAIN)
        first_client.read_head()
        assert b'"content":"Second"' in second_client.request("POST", "/api/chat", FLUSH).body
        done.set()


def test_a_load_waits_for_running_requests_and_is_overtaken(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    done = threading.Event()
    fake.script(answer("First", WaitFor(done)))
    with RawHttpClient(fake.url) as other_window, RawHttpClient(fake.url) as same_window:
        client.send("POST", "/api/chat", MAIN)
        client.read_head()
        other_window.send("POST", "/api/chat", FLUSH | {"options": {"num_ctx": 8192}})
        fake.wait_for(lambda: fake.waiting == 1)
        same_window.send("POST", "/api/chat", MAIN)
        fake.wait_for(lambda: fake.waiting == 2)
        done.set()
        other_window.read()
        same_window.read()
    (_, first, _), (_, second, read), (_, third, _) = fake.reads
    assert (second, read) == (first, 1)
    assert third < 100


def test_a_client_that_disconnects_frees_the_slot(fake: FakeOllama, client: RawHttpClient) -> None:
    fake.script(answer(RawText("Much of it"), WaitFor(threading.Event())))
    with RawHttpClient(fake.url) as leaving:
        leaving.send("POST", "/api/chat", MAIN)
        leaving.read_head()
    send_chat(client, MAIN)
    assert cached_tokens(fake) == fake.reads[-1][1] - 1


def test_tokens_read_before_a_disconnect_stay_cached(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    fake.seconds_per_token = 5e-5
    with RawHttpClient(fake.url) as leaving:
        leaving.send("POST", "/api/chat", MAIN)
        fake.wait_for(lambda: bool(fake.reads) and fake.reads[0][2] > 1000)
    fake.wait_for(lambda: fake.disconnects == 1)
    read = fake.reads[0][2]
    assert read % 512 == 0
    assert read < fake.reads[0][1]
    fake.seconds_per_token = 0.0
    send_chat(client, MAIN)
    assert cached_tokens(fake) == read


def test_the_reported_time_is_that_of_the_tokens_read(
    fake: FakeOllama, client: RawHttpClient
) -> None:
    first, second = send_chat(client, MAIN), send_chat(client, MAIN)
    assert first["prompt_eval_duration"] == first["prompt_eval_count"] * 1_000_000
    assert second["prompt_eval_duration"] == 1_000_000
    assert second["prompt_eval_count"] == first["prompt_eval_count"]
    fake.seconds_per_token = 1e-5
    short = send_chat(client, FLUSH)
    assert short["prompt_eval_duration"] == pytest.approx(fake.reads[-1][2] * 1e4, abs=1)


def test_a_prompt_has_to_leave_one_token_of_the_window(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    tokens = fake.shared_prefix(FLUSH, FLUSH)[1]
    exact = FLUSH | {"options": {"num_ctx": tokens + 1}, "truncate": False}
    send_chat(client, exact)
    reply = client.request("POST", "/api/chat", exact | {"options": {"num_ctx": tokens}})
    error = json.loads(json.loads(reply.body)["error"])["error"]
    assert (reply.status, error["n_prompt_tokens"], error["n_ctx"]) == (400, tokens, tokens)
    assert len(fake.reads) == 1
