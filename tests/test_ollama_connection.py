"""Connections to Ollama: restarts, unreachable addresses, other servers."""

import contextlib
import socket
import sys

import httpx
import pytest
from pytest_httpx import HTTPXMock

from ollama_claude_proxy.errors import (
    AnswerUnreadable,
    OllamaGone,
    OllamaUnreachable,
)
from ollama_claude_proxy.upstream.ollama.client import OllamaClient
from support.fake_ollama import (
    FakeOllama,
    Pause,
    answer,
)
from support.ollama_client import answer_text, read_answer, run_with_client


def test_a_restart_between_two_answers_causes_no_error(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        for _ in range(3):
            _, failure = await read_answer(ollama)
            assert failure is None
            fake.stop()  # the event loop stands still meanwhile: the client cannot know of it
            fake.start()

    run_with_client(fake.url, work)


def test_an_ollama_that_has_just_stopped_is_an_error_that_suggests_a_retry(
    fake: FakeOllama,
) -> None:
    async def work(ollama: OllamaClient) -> None:
        await ollama.version()
        fake.stop()
        with pytest.raises(OllamaGone, match="a moment ago") as caught:
            await ollama.version()
        assert caught.value.headers() == {"retry-after": "2"}
        fake.start()
        assert await ollama.version() == fake.version

    run_with_client(fake.url, work)


def test_an_unreachable_ollama_is_named_in_the_error_and_works_later(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        fake.stop()
        for request in (ollama.version, ollama.models, ollama.loaded):
            with pytest.raises(OllamaUnreachable, match="no connection") as caught:
                await request()
            assert repr(fake.url) in caught.value.message
        _, failure = await read_answer(ollama)
        assert isinstance(failure, OllamaUnreachable)
        fake.start()
        _, failure = await read_answer(ollama)
        assert failure is None

    run_with_client(fake.url, work)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other queues")
def test_connecting_to_an_address_that_never_answers_times_out() -> None:
    async def work(ollama: OllamaClient) -> None:
        with pytest.raises(OllamaUnreachable, match="ConnectTimeout"):
            await ollama.version()

    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts them, so the queue of the port is full
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        run_with_client(f"http://127.0.0.1:{port}", work, connect_timeout=0.05)


def test_http_proxies_of_the_environment_are_not_used(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(ollama: OllamaClient) -> None:
        assert await ollama.version() == "0.32.15"

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    run_with_client(fake.url, work)


def test_a_password_in_the_address_is_sent_and_not_shown(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        await ollama.version()
        assert fake.requests[-1].headers["authorization"] == "Basic bWU6c2VjcmV0IQ=="
        fake.stop()
        with pytest.raises(OllamaGone) as caught:
            await ollama.version()
        assert "secret" not in caught.value.message

    run_with_client(fake.url.replace("//", "//me:secret%21@"), work)


def test_another_server_at_the_address_is_reported(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=404, html="<h1>Welcome to nginx</h1>")

    async def work(ollama: OllamaClient) -> None:
        with pytest.raises(AnswerUnreadable, match=r"not Ollama: 404 .*Welcome to nginx"):
            await ollama.version()

    run_with_client("http://ollama.test", work)


def test_a_request_is_retried_once_if_the_connection_breaks_before_an_answer(
    httpx_mock: HTTPXMock,
) -> None:
    httpx_mock.add_exception(httpx.ReadError("reset"))
    httpx_mock.add_response(json={"version": "0.32.15"})

    async def work(ollama: OllamaClient) -> None:
        assert await ollama.version() == "0.32.15"

    run_with_client("http://ollama.test", work)
    assert len(httpx_mock.get_requests()) == 2


def test_a_slow_answer_does_not_time_out(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        fake.script(answer(Pause(0.3), "a", Pause(0.3), "b"))
        lines, failure = await read_answer(ollama)
        assert (answer_text(lines), failure) == ("ab", None)

    run_with_client(fake.url, work, connect_timeout=0.1)
