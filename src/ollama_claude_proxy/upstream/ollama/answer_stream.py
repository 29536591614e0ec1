"""The lines of a streamed answer of Ollama, read as they come."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TypeVar, cast

import httpx
import msgspec
from msgspec import Struct

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    OcpError,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.error_text import quoted
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_exception,
    error_from_line,
)
from ollama_claude_proxy.wire.chat import ChatChunk
from ollama_claude_proxy.wire.model import PullProgress
from ollama_claude_proxy.wire.ndjson import LineSplitter, LineTooLong
from ollama_claude_proxy.wire.ollama import decode_chat_chunk

logger = logging.getLogger(__name__)

_T = TypeVar("_T", bound=Struct)
_MAX_QUOTED_BYTES = 200
# After the `done` line only the end of the HTTP body is to come, which follows at once.
_END_SECONDS = 0.2

_CHECK_NAME = "Check the name at https://ollama.com/library, and the network."


class AnswerStream:
    """An answer that has begun; `close` it in the end."""

    def __init__(self, response: httpx.Response, context: RequestContext) -> None:
        self._response = response
        self._context = context
        self._body = body_of(response)
        self._done = False
        self._count = 0

    async def chunks(self) -> AsyncIterator[list[ChatChunk]]:
        """Yield the chunks of a chat; those that arrived in one read come together.

        Raises the error that an error line means, AnswerCutOff at an end without a `done` line
        (Ollama may end a model that repeats itself in this way), and AnswerUnreadable.
        """
        async for raw in self._lines():
            chunks, failure = self._decode(raw)
            self._count += len(chunks)
            if chunks:
                yield chunks
            if failure is not None:
                raise failure
        if not self._done:
            problem = f"Ollama ended its answer after {self._count} lines without a reason."
            raise AnswerCutOff(problem)

    async def pull_progress(self) -> AsyncIterator[PullProgress]:
        """Yield the progress of a download; raises UpstreamRejected when it fails."""
        async for lines in self._lines():
            for line in lines:
                progress = decode(line, PullProgress)
                if progress.error:
                    problem = (
                        f"Ollama cannot pull {self._context.model!r}: {quoted(progress.error)}."
                    )
                    raise UpstreamRejected(problem, remedy=_CHECK_NAME)
                self._done = progress.status == "success"
                yield progress
        if not self._done:
            raise AnswerCutOff(f"Ollama stopped downloading {self._context.model!r}.")

    async def close(self) -> None:
        """Stop reading; an answer that is not complete is cancelled at once."""
        try:
            if self._done:
                with suppress(httpx.HTTPError, TimeoutError):  # the answer is complete
                    async with asyncio.timeout(_END_SECONDS):
                        async for _ in self._body:
                            pass
        finally:
            await self._response.aclose()

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        splitter = LineSplitter()
        try:
            async for data in self._body:
                if lines := splitter.feed(data):
                    _log(lines)
                    yield lines
                if self._done:
                    return
        except httpx.RequestError as error:
            raise error_from_exception(error, self._context, within=True) from error
        except LineTooLong as error:
            raise AnswerUnreadable(f"Ollama sent {error}.") from error
        if lines := splitter.flush():
            _log(lines)
            yield lines

    def _decode(self, raw: list[bytes]) -> tuple[list[ChatChunk], OcpError | None]:
        """Return the chunks up to the last or to a failure, and that failure."""
        chunks: list[ChatChunk] = []
        for line in raw:
            try:
                chunk = decode_chat_chunk(line)
            except msgspec.DecodeError as error:
                return chunks, unreadable(line, error)
            if chunk.error is not None:
                return chunks, error_from_line(chunk.error, self._context)
            chunks.append(chunk)
            if chunk.done:
                self._done = True
                break
        return chunks, None


def _log(lines: list[bytes]) -> None:
    """Log what Ollama sent, with `--debug`."""
    if logger.isEnabledFor(logging.DEBUG):
        for line in lines:
            logger.debug("from Ollama: %s", line.decode("utf-8", "replace"))


def body_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """Return the body as it comes; `aiter_raw` would only count and copy it once more."""
    return aiter(cast("httpx.AsyncByteStream", response.stream))


def decode(data: bytes, kind: type[_T]) -> _T:
    """Return a JSON answer of Ollama's as a struct; raises AnswerUnreadable."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise unreadable(data, error) from error


def unreadable(data: bytes, error: msgspec.DecodeError) -> AnswerUnreadable:
    """Return the error of an answer that is not JSON, or JSON of another form."""
    quote = data[:_MAX_QUOTED_BYTES].decode("utf-8", "replace")
    return AnswerUnreadable(f"Ollama's answer {quote!r} could not be read: {error}.")
