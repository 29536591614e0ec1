"""How a scripted answer is sent: step by step in chunks, or as one object."""

import asyncio
import json

from support.fake_answers import (
    Answer,
    Call,
    Cut,
    Done,
    Eof,
    Failure,
    Garbage,
    Line,
    Lost,
    Pause,
    Raw,
    Reset,
    Step,
    Thinking,
    Until,
)
from support.fake_http import JSON, LATE_JSON, NDJSON, chunk, reset, send, send_head, write
from support.fake_lines import Lines, error_line, go_json, joined


async def play(said: Answer, lines: Lines, writer: asyncio.StreamWriter, *, stream: bool) -> None:
    """Send an answer in the form that the request asked for."""
    if stream and not said.counted:
        await _streamed(said, lines, writer)
    else:
        await _whole(said, lines, writer)


async def _streamed(said: Answer, lines: Lines, writer: asyncio.StreamWriter) -> None:
    started = False
    ready: list[bytes] = []
    for step in said.steps:
        if isinstance(step, Failure) and not started:
            await send(writer, step.status, error_line(step.error), LATE_JSON, chunked=True)
            return
        if await _pause(step):
            continue
        if not isinstance(step, Reset | Cut):
            ready += _bytes(step, lines, b"\n" if said.content_type == NDJSON else b"")
            if not ready and not isinstance(step, Eof):
                continue
        if not started:  # Ollama says nothing, not even a status, before it has a first line
            await send_head(writer, said.status, said.content_type)
            started = True
        if isinstance(step, Reset | Cut):
            await _flush(writer, ready, said.chunk)
            _hang_up(step, writer)
            return
        if not said.together:
            await _flush(writer, ready, said.chunk)
    await _flush(writer, [*ready, b""], said.chunk)


async def _whole(said: Answer, lines: Lines, writer: asyncio.StreamWriter) -> None:
    written: list[str] = []
    for step in said.steps:
        if isinstance(step, Failure):
            await send(writer, step.status, error_line(step.error))
            return
        if await _pause(step):
            continue
        if isinstance(step, Reset | Cut):
            _hang_up(step, writer)
            return
        if isinstance(step, Garbage):
            await send(writer, 200, step.data.decode("latin-1"))
            return
        written += _lines(step, lines)
    if said.counted:
        body = "".join(written)
        await send(writer, said.status, body, said.content_type, pieces=said.chunk)
        return
    failed = [line for line in written if "error" in json.loads(line)]
    if failed:
        await send(writer, 500 if said.status == 200 else said.status, failed[0])
    else:
        await send(writer, 200, go_json(joined(written)), JSON, pieces=said.chunk)


async def _pause(step: Step) -> bool:
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return True
    if isinstance(step, Until):
        while not step.event.is_set():  # noqa: ASYNC110  # it belongs to another thread
            await asyncio.sleep(0.005)
        return True
    return False


def _hang_up(step: Reset | Cut, writer: asyncio.StreamWriter) -> None:
    if isinstance(step, Reset):
        reset(writer)
    else:
        writer.transport.abort()


def _bytes(step: Step, lines: Lines, ending: bytes) -> list[bytes]:
    if isinstance(step, Garbage):
        return [step.data]
    return [line.encode("utf-8", "surrogatepass") + ending for line in _lines(step, lines)]


def _lines(step: Step, lines: Lines) -> list[str]:
    """Give the lines that a step comes to; calls may wait for a later one."""
    written: list[str] = []
    match step:
        case str():
            written = lines.text(step)
        case Thinking(text):
            written = lines.thinking(text)
        case Call(name, arguments):
            written = lines.call(name, arguments)
        case Raw(text):
            written = lines.raw(text)
        case Lost(text):
            written = lines.lost(text)
        case Done(reason, prompt_tokens, tokens):
            written = lines.done(reason, prompt_tokens, tokens)
        case Failure(error):
            written = [error_line(error)]
        case Line(text):
            written = [text]
        case _:
            assert isinstance(step, Eof), step
    return written


async def _flush(writer: asyncio.StreamWriter, ready: list[bytes], pieces: int) -> None:
    """Write what is ready, each line as a chunk, as Ollama does."""
    await write(writer, b"".join(chunk(data) for data in ready), pieces)
    ready.clear()
