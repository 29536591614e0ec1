"""Sends a scripted answer: step by step in chunks, or as one object."""

import asyncio
import json

from support.fake_answers import (
    Answer,
    Call,
    ConnectionReset,
    Disconnect,
    Done,
    EndOfBody,
    Failure,
    InvalidBytes,
    Line,
    LostText,
    Pause,
    RawText,
    Step,
    Thinking,
    WaitFor,
)
from support.fake_chat_lines import ChatLines, error_line, go_json, merge_lines
from support.fake_http import (
    JSON,
    JSON_WITHOUT_CHARSET,
    NDJSON,
    chunk,
    reset_connection,
    send,
    send_head,
    write,
)


async def send_answer(
    answer: Answer, lines: ChatLines, writer: asyncio.StreamWriter, *, stream: bool
) -> None:
    """Send an answer in the form that the request asked for: streamed or whole."""
    if stream and not answer.has_content_length:
        await _send_streamed(answer, lines, writer)
    else:
        await _send_whole(answer, lines, writer)


async def _send_streamed(answer: Answer, lines: ChatLines, writer: asyncio.StreamWriter) -> None:
    head_sent = False
    pending: list[bytes] = []
    for step in answer.steps:
        if isinstance(step, Failure) and not head_sent:
            await send(
                writer, step.status, error_line(step.error), JSON_WITHOUT_CHARSET, chunked=True
            )
            return
        if await _wait(step):
            continue
        if not isinstance(step, ConnectionReset | Disconnect):
            pending += _step_bytes(step, lines, b"\n" if answer.content_type == NDJSON else b"")
            if not pending and not isinstance(step, EndOfBody):
                continue
        if not head_sent:  # Ollama sends nothing, not even a status, before the first line
            await send_head(writer, answer.status, answer.content_type)
            head_sent = True
        if isinstance(step, ConnectionReset | Disconnect):
            await _flush(writer, pending, answer.chunk_size)
            _hang_up(step, writer)
            return
        if not answer.in_one_write:
            await _flush(writer, pending, answer.chunk_size)
    await _flush(writer, [*pending, b""], answer.chunk_size)


async def _send_whole(answer: Answer, lines: ChatLines, writer: asyncio.StreamWriter) -> None:
    lines_written: list[str] = []
    for step in answer.steps:
        if isinstance(step, Failure):
            await send(writer, step.status, error_line(step.error))
            return
        if await _wait(step):
            continue
        if isinstance(step, ConnectionReset | Disconnect):
            _hang_up(step, writer)
            return
        if isinstance(step, InvalidBytes):
            await send(writer, 200, step.data.decode("latin-1"))
            return
        lines_written += _step_lines(step, lines)
    if answer.has_content_length:
        body = "".join(lines_written)
        await send(writer, answer.status, body, answer.content_type, chunk_size=answer.chunk_size)
        return
    failed = [line for line in lines_written if "error" in json.loads(line)]
    if failed:
        await send(writer, 500 if answer.status == 200 else answer.status, failed[0])
    else:
        await send(
            writer, 200, go_json(merge_lines(lines_written)), JSON, chunk_size=answer.chunk_size
        )


async def _wait(step: Step) -> bool:
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return True
    if isinstance(step, WaitFor):
        while not step.event.is_set():  # noqa: ASYNC110  # it belongs to another thread
            await asyncio.sleep(0.005)
        return True
    return False


def _hang_up(step: ConnectionReset | Disconnect, writer: asyncio.StreamWriter) -> None:
    if isinstance(step, ConnectionReset):
        reset_connection(writer)
    else:
        writer.transport.abort()


def _step_bytes(step: Step, lines: ChatLines, ending: bytes) -> list[bytes]:
    if isinstance(step, InvalidBytes):
        return [step.data]
    return [line.encode("utf-8", "surrogatepass") + ending for line in _step_lines(step, lines)]


def _step_lines(step: Step, lines: ChatLines) -> list[str]:
    """Return the lines that a step produces; calls may wait for a later step."""
    lines_written: list[str] = []
    match step:
        case str():
            lines_written = lines.text(step)
        case Thinking(text):
            lines_written = lines.thinking(text)
        case Call(name, arguments):
            lines_written = lines.call(name, arguments)
        case RawText(text):
            lines_written = lines.raw_text(text)
        case LostText(text):
            lines_written = lines.lost_text(text)
        case Done(reason, prompt_tokens, tokens):
            lines_written = lines.done(reason, prompt_tokens, tokens)
        case Failure(error):
            lines_written = [error_line(error)]
        case Line(text):
            lines_written = [text]
        case _:
            assert isinstance(step, EndOfBody), step
    return lines_written


async def _flush(writer: asyncio.StreamWriter, pending: list[bytes], chunk_size: int) -> None:
    """Write the pending lines, each as a chunk, as Ollama does."""
    await write(writer, b"".join(chunk(data) for data in pending), chunk_size)
    pending.clear()
