"""The client reads what a real Ollama sends, and says what went wrong when it does not."""

import asyncio
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx
import pytest
from pytest_httpx import HTTPXMock

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    ModelNotInstalled,
    OcpError,
    OllamaGone,
    OllamaUnreachable,
    RunnerStopped,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.client import Chat, Ollama
from ollama_claude_proxy.wire.ollama import ChatLine, PullProgress
from support.fake_answers import recorded
from support.fake_ollama import (
    Answer,
    Done,
    Eof,
    Failure,
    FakeOllama,
    Garbage,
    Line,
    Pause,
    Reset,
    Until,
    answer,
)
from support.recordings import chat_transcripts

TRANSCRIPTS = chat_transcripts()


def chat_of(model: str = "qwen2.5-coder:7b") -> Chat:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    return Chat(json.dumps(body).encode(), model, 10, 4096)


# Seconds; only to end a test that hangs, on the slowest machine.
_HANGS = 120


def use(url: str, work: Callable[[Ollama], Awaitable[None]], **options: Any) -> None:
    """Do some work with a client of the Ollama at `url`."""

    async def main() -> None:
        ollama = Ollama(url, **options)
        try:
            async with asyncio.timeout(_HANGS):
                await work(ollama)
        finally:
            await ollama.close()

    asyncio.run(main())


async def read(ollama: Ollama, chat: Chat | None = None) -> tuple[list[ChatLine], OcpError | None]:
    """Read an answer; give its lines and how it failed."""
    lines: list[ChatLine] = []
    try:
        async with ollama.chat(chat or chat_of()) as batches:
            async for batch in batches:
                assert batch
                lines += batch
    except OcpError as error:
        return lines, error
    return lines, None


def text(lines: Iterable[ChatLine]) -> str:
    return "".join(line.message.content for line in lines if line.message)


HOW: dict[str, dict[str, Any]] = {
    "line by line": {},
    "byte by byte": {"chunk": 1},
    "at once": {"together": True},
}


@pytest.mark.parametrize("how", HOW)
def test_recorded_answers_are_the_same_under_any_chunking(fake: FakeOllama, how: str) -> None:
    async def work(ollama: Ollama) -> None:
        for transcript in TRANSCRIPTS.values():
            raw = transcript["body_lines"]
            fake.script(recorded(transcript, **HOW[how]))
            lines, failure = await read(ollama)
            if transcript["status"] != 200:
                assert failure is not None
                assert not lines
                continue
            said = [json.loads(line) for line in raw]
            good = [line for line in said if "error" not in line]
            assert [line.done for line in lines] == [line["done"] for line in good]
            assert text(lines) == "".join(line["message"]["content"] for line in good)
            assert (failure is None) == bool(good and good[-1]["done"])

    use(fake.url, work)


@pytest.mark.parametrize("how", HOW)
def test_what_came_before_an_error_line_is_not_lost(fake: FakeOllama, how: str) -> None:
    async def work(ollama: Ollama) -> None:
        words = "an error was encountered while running the model: unexpected EOF"
        fake.script(answer("Hel", "lo", Failure(words), **HOW[how]))
        lines, failure = await read(ollama)
        assert text(lines) == "Hello"
        assert isinstance(failure, RunnerStopped)
        assert words in failure.message

    use(fake.url, work)


ENDS: dict[str, tuple[Answer, type[OcpError], str]] = {
    "an end without done": (answer("a", Eof()), AnswerCutOff, "after 1 lines"),
    "an empty body": (answer(Eof()), AnswerCutOff, "after 0 lines"),
    "a reset": (answer("a", Reset()), AnswerCutOff, "in the middle"),
    "a line that is no JSON": (answer("a", Garbage(b"<oops>\n"), Eof()), AnswerUnreadable, "oops"),
    "JSON of another form": (
        answer("a", Line('{"message":"hello"}'), Eof()),
        AnswerUnreadable,
        "hello",
    ),
    "a broken chunk": (answer("a", Line("x"), Done()), AnswerUnreadable, "'x'"),
    "a page of HTML": (
        Answer([Line("<html>Welcome to nginx"), Eof()], content_type="text/html"),
        AnswerUnreadable,
        "Welcome to nginx",
    ),
    "an error": (answer(Failure("EOF", 500)), OcpError, "'EOF'|EOF"),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_bad_end_says_what_came(fake: FakeOllama, name: str) -> None:
    said, kind, words = ENDS[name]

    async def work(ollama: Ollama) -> None:
        fake.script(said)
        _, failure = await read(ollama)
        assert isinstance(failure, kind)
        assert words.split("|")[-1] in failure.message
        assert failure.advice

    use(fake.url, work)


def test_one_object_that_is_done_is_an_answer_too(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        body = '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":'
        said = Answer([Line(body + '"load"}')], content_type="application/json; charset=utf-8")
        fake.script(said)
        lines, failure = await read(ollama)
        assert failure is None
        assert [line.done_reason for line in lines] == ["load"]

    use(fake.url, work)


def test_entering_waits_for_the_status_and_raises_a_refusal(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
            async with ollama.chat(chat_of("gone:1b")):
                pytest.fail("a refused request has no answer")

    use(fake.url, work)


def test_leaving_early_ends_the_generation(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        fake.script(answer("Hel", Until(threading.Event())))
        async with ollama.chat(chat_of()) as batches:
            async for _ in batches:
                break
        await asyncio.to_thread(fake.wait_for, lambda: fake.disconnects == 1)

    use(fake.url, work)


@pytest.mark.parametrize("moment", ["before the head", "within the answer"])
def test_cancelling_ends_the_generation(fake: FakeOllama, moment: str) -> None:
    async def work(ollama: Ollama) -> None:
        beginning = ["Hel"] if moment == "within the answer" else []
        fake.script(answer(*beginning, Until(threading.Event())))
        reading = asyncio.create_task(read(ollama))
        await asyncio.to_thread(fake.wait_for, lambda: bool(fake.chats))
        await asyncio.sleep(0.05)
        reading.cancel()
        await asyncio.to_thread(fake.wait_for, lambda: fake.disconnects == 1)
        with pytest.raises(asyncio.CancelledError):
            await reading

    use(fake.url, work)


def test_a_restart_between_two_answers_is_not_noticed(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        for _ in range(3):
            _, failure = await read(ollama)
            assert failure is None
            fake.stop()  # the event loop stands still meanwhile: the client cannot know of it
            fake.start()

    use(fake.url, work)


def test_an_ollama_that_was_there_a_moment_ago_may_be_asked_again(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        await ollama.version()
        fake.stop()
        with pytest.raises(OllamaGone, match="a moment ago") as caught:
            await ollama.version()
        assert caught.value.headers() == {"retry-after": "2"}
        fake.start()
        assert await ollama.version() == fake.version

    use(fake.url, work)


def test_an_ollama_that_is_down_is_named_and_works_again_later(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        fake.stop()
        for ask in (ollama.version, ollama.tags, ollama.running):
            with pytest.raises(OllamaUnreachable, match="no connection") as caught:
                await ask()
            assert repr(fake.url) in caught.value.message
        _, failure = await read(ollama)
        assert isinstance(failure, OllamaUnreachable)
        fake.start()
        _, failure = await read(ollama)
        assert failure is None

    use(fake.url, work)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other queues")
def test_an_address_that_swallows_everything_is_given_up() -> None:
    async def work(ollama: Ollama) -> None:
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
        use(f"http://127.0.0.1:{port}", work, connect_timeout=0.05)


def test_the_proxies_of_the_environment_see_nothing(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(ollama: Ollama) -> None:
        assert await ollama.version() == "0.32.15"

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    use(fake.url, work)


def test_a_password_in_the_address_is_sent_and_not_shown(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        await ollama.version()
        assert fake.requests[-1].headers["authorization"] == "Basic bWU6c2VjcmV0IQ=="
        fake.stop()
        with pytest.raises(OllamaGone) as caught:
            await ollama.version()
        assert "secret" not in caught.value.message

    use(fake.url.replace("//", "//me:secret%21@"), work)


def test_the_neighbours_of_chat_are_read(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        await read(ollama)
        assert await ollama.version() == fake.version
        assert [model.name for model in await ollama.tags()] == list(fake.models)
        shown = await ollama.show("qwen3.5:9b")
        assert set(shown.capabilities or []) == {"completion", "tools", "thinking", "vision"}
        assert [model.name for model in await ollama.running()] == ["qwen2.5-coder:7b"]
        with pytest.raises(ModelNotInstalled, match="'gone:1b'"):
            await ollama.show("gone:1b")

    use(fake.url, work)


def test_something_else_at_the_address_is_called_so(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=404, html="<h1>Welcome to nginx</h1>")

    async def work(ollama: Ollama) -> None:
        with pytest.raises(AnswerUnreadable, match=r"no Ollama: 404 .*Welcome to nginx"):
            await ollama.version()

    use("http://ollama.test", work)


def test_a_connection_that_breaks_before_an_answer_is_tried_once_more(
    httpx_mock: HTTPXMock,
) -> None:
    httpx_mock.add_exception(httpx.ReadError("reset"))
    httpx_mock.add_response(json={"version": "0.32.15"})

    async def work(ollama: Ollama) -> None:
        assert await ollama.version() == "0.32.15"

    use("http://ollama.test", work)
    assert len(httpx_mock.get_requests()) == 2


async def pulled(ollama: Ollama, model: str) -> list[PullProgress]:
    return [progress async for progress in ollama.pull(model)]


def test_a_download_tells_how_far_it_is(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        fake.pulls = [
            {"status": "pulling manifest"},
            {"status": "pulling 60e0", "digest": "sha256:60e0", "total": 9, "completed": 4},
            {"status": "success"},
        ]
        seen = await pulled(ollama, "new:1b")
        assert [(one.status, one.completed, one.total) for one in seen] == [
            ("pulling manifest", 0, 0),
            ("pulling 60e0", 4, 9),
            ("success", 0, 0),
        ]
        assert await ollama.show("new:1b")

    use(fake.url, work)


def test_a_download_that_fails_says_why(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        fake.pulls = [{"error": "pull model manifest: file does not exist"}]
        with pytest.raises(UpstreamRejected, match="'nope:1b': pull model manifest: file does not"):
            await pulled(ollama, "nope:1b")
        fake.pulls = [{"status": "pulling manifest"}]
        with pytest.raises(AnswerCutOff, match="'nope:1b'"):
            await pulled(ollama, "nope:1b")

    use(fake.url, work)


def test_an_answer_may_take_its_time(fake: FakeOllama) -> None:
    async def work(ollama: Ollama) -> None:
        fake.script(answer(Pause(0.3), "a", Pause(0.3), "b"))
        lines, failure = await read(ollama)
        assert (text(lines), failure) == ("ab", None)

    use(fake.url, work, connect_timeout=0.1)
