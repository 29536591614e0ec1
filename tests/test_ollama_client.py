"""Streamed answers of a real Ollama are read completely; broken ones are errors."""

import asyncio
import json
import threading
from typing import Any

import pytest

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    ModelNotInstalled,
    OcpError,
    RunnerStopped,
)
from ollama_claude_proxy.upstream.ollama.client import OllamaClient
from support.fake_answers import recorded_answer
from support.fake_ollama import (
    Answer,
    ConnectionReset,
    Done,
    EndOfBody,
    Failure,
    FakeOllama,
    InvalidBytes,
    Line,
    WaitFor,
    answer,
)
from support.ollama_client import answer_text, chat_call, read_answer, run_with_client
from support.recordings import chat_transcripts

TRANSCRIPTS = chat_transcripts()
CHUNKINGS: dict[str, dict[str, Any]] = {
    "line by line": {},
    "byte by byte": {"chunk_size": 1},
    "at once": {"in_one_write": True},
}


@pytest.mark.parametrize("chunking", CHUNKINGS)
def test_recorded_answers_are_the_same_under_any_chunking(fake: FakeOllama, chunking: str) -> None:
    async def work(ollama: OllamaClient) -> None:
        for transcript in TRANSCRIPTS.values():
            raw = transcript["body_lines"]
            fake.script(recorded_answer(transcript, **CHUNKINGS[chunking]))
            lines, failure = await read_answer(ollama)
            if transcript["status"] != 200:
                assert failure is not None
                assert not lines
                continue
            recorded_lines = [json.loads(line) for line in raw]
            good_lines = [line for line in recorded_lines if "error" not in line]
            assert [line.done for line in lines] == [line["done"] for line in good_lines]
            assert answer_text(lines) == "".join(line["message"]["content"] for line in good_lines)
            assert (failure is None) == bool(good_lines and good_lines[-1]["done"])

    run_with_client(fake.url, work)


@pytest.mark.parametrize("chunking", CHUNKINGS)
def test_text_before_an_error_line_is_not_lost(fake: FakeOllama, chunking: str) -> None:
    async def work(ollama: OllamaClient) -> None:
        message = "an error was encountered while running the model: unexpected EOF"
        fake.script(answer("Hel", "lo", Failure(message), **CHUNKINGS[chunking]))
        lines, failure = await read_answer(ollama)
        assert answer_text(lines) == "Hello"
        assert isinstance(failure, RunnerStopped)
        assert message in failure.message

    run_with_client(fake.url, work)


ENDS: dict[str, tuple[Answer, type[OcpError], str]] = {
    "an end without done": (answer("a", EndOfBody()), AnswerCutOff, "after 1 lines"),
    "an empty body": (answer(EndOfBody()), AnswerCutOff, "after 0 lines"),
    "a reset": (answer("a", ConnectionReset()), AnswerCutOff, "in the middle"),
    "a line that is no JSON": (
        answer("a", InvalidBytes(b"<oops>\n"), EndOfBody()),
        AnswerUnreadable,
        "oops",
    ),
    "JSON of another form": (
        answer("a", Line('{"message":"hello"}'), EndOfBody()),
        AnswerUnreadable,
        "hello",
    ),
    "a broken chunk": (answer("a", Line("x"), Done()), AnswerUnreadable, "'x'"),
    "a page of HTML": (
        Answer([Line("<html>Welcome to nginx"), EndOfBody()], content_type="text/html"),
        AnswerUnreadable,
        "Welcome to nginx",
    ),
    "an error": (answer(Failure("EOF", 500)), OcpError, "'EOF'|EOF"),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_error_of_a_broken_answer_quotes_what_was_received(fake: FakeOllama, name: str) -> None:
    answer, error_type, message = ENDS[name]

    async def work(ollama: OllamaClient) -> None:
        fake.script(answer)
        _, failure = await read_answer(ollama)
        assert isinstance(failure, error_type)
        assert message.split("|")[-1] in failure.message
        assert failure.advice

    run_with_client(fake.url, work)


def test_a_single_object_that_is_done_is_an_answer(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        body = '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":'
        answer = Answer([Line(body + '"load"}')], content_type="application/json; charset=utf-8")
        fake.script(answer)
        lines, failure = await read_answer(ollama)
        assert failure is None
        assert [line.done_reason for line in lines] == ["load"]

    run_with_client(fake.url, work)


def test_entering_waits_for_the_status_and_raises_a_refusal(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
            async with ollama.chat(chat_call("gone:1b"), prompt_tokens=10, window=4096):
                pytest.fail("a refused request has no answer")

    run_with_client(fake.url, work)


def test_leaving_early_ends_the_generation(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        fake.script(answer("Hel", WaitFor(threading.Event())))
        async with ollama.chat(chat_call(), prompt_tokens=10, window=4096) as batches:
            async for _ in batches:
                break
        await asyncio.to_thread(fake.wait_for, lambda: fake.disconnects == 1)

    run_with_client(fake.url, work)


@pytest.mark.parametrize("moment", ["before the head", "within the answer"])
def test_cancelling_ends_the_generation(fake: FakeOllama, moment: str) -> None:
    async def work(ollama: OllamaClient) -> None:
        first_text = ["Hel"] if moment == "within the answer" else []
        fake.script(answer(*first_text, WaitFor(threading.Event())))
        reading = asyncio.create_task(read_answer(ollama))
        await asyncio.to_thread(fake.wait_for, lambda: bool(fake.chats))
        await asyncio.sleep(0.05)
        reading.cancel()
        await asyncio.to_thread(fake.wait_for, lambda: fake.disconnects == 1)
        with pytest.raises(asyncio.CancelledError):
            await reading

    run_with_client(fake.url, work)
