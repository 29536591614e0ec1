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
from ollama_claude_proxy.upstream.ollama.failures import Asked, from_exception, from_line
from ollama_claude_proxy.wire.ndjson import LineSplitter, LineTooLong
from ollama_claude_proxy.wire.ollama import ChatLine, PullProgress, decode_chat_line

logger = logging.getLogger(__name__)

_T = TypeVar("_T", bound=Struct)
_MOST_QUOTED_BYTES = 200
# After the `done` line only the end of the HTTP body is to come, which follows at once.
_END_SECONDS = 0.2

_NO_NAME = "Check the name at https://ollama.com/library, and the network."


class Answer:
    """An answer that has begun; `close` it when no more of it is wanted."""

    def __init__(self, response: httpx.Response, asked: Asked) -> None:
        self._response = response
        self._asked = asked
        self._data = data_of(response)
        self._done = False
        self._count = 0

    async def chat(self) -> AsyncIterator[list[ChatLine]]:
        """Give the lines of a chat, all that came in one read together.

        Raises what an error line means, AnswerCutOff at an end without a `done` line (Ollama may
        stop a model that repeats itself so), and AnswerUnreadable.
        """
        async for raw in self._lines():
            lines, failure = self._decoded(raw)
            self._count += len(lines)
            if lines:
                yield lines
            if failure is not None:
                raise failure
        if not self._done:
            problem = f"Ollama ended its answer after {self._count} lines without saying why."
            raise AnswerCutOff(problem)

    async def pull(self) -> AsyncIterator[PullProgress]:
        """Give how far a download is; raises UpstreamRejected when it fails."""
        async for lines in self._lines():
            for line in lines:
                progress = decode(line, PullProgress)
                if progress.error:
                    problem = f"Ollama cannot pull {self._asked.model!r}: {quoted(progress.error)}."
                    raise UpstreamRejected(problem, remedy=_NO_NAME)
                self._done = progress.status == "success"
                yield progress
        if not self._done:
            raise AnswerCutOff(f"Ollama stopped downloading {self._asked.model!r}.")

    async def close(self) -> None:
        """Stop: the generation of an answer that is not at its end ends at once."""
        try:
            if self._done:
                with suppress(httpx.HTTPError, TimeoutError):  # what was wanted is here
                    async with asyncio.timeout(_END_SECONDS):
                        async for _ in self._data:
                            pass
        finally:
            await self._response.aclose()

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        splitter = LineSplitter()
        try:
            async for data in self._data:
                if lines := splitter.feed(data):
                    _show(lines)
                    yield lines
                if self._done:
                    return
        except httpx.RequestError as error:
            raise from_exception(error, self._asked, within=True) from error
        except LineTooLong as error:
            raise AnswerUnreadable(f"Ollama sent {error}.") from error
        if lines := splitter.flush():
            _show(lines)
            yield lines

    def _decoded(self, raw: list[bytes]) -> tuple[list[ChatLine], OcpError | None]:
        """Give the lines up to the last or to a failure, and that failure."""
        lines: list[ChatLine] = []
        for one in raw:
            try:
                line = decode_chat_line(one)
            except msgspec.DecodeError as error:
                return lines, unreadable(one, error)
            if line.error is not None:
                return lines, from_line(line.error, self._asked)
            lines.append(line)
            if line.done:
                self._done = True
                break
        return lines, None


def _show(lines: list[bytes]) -> None:
    """Log what came, with `--debug`."""
    if logger.isEnabledFor(logging.DEBUG):
        for line in lines:
            logger.debug("from Ollama: %s", line.decode("utf-8", "replace"))


def data_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """Give the body as it comes; `aiter_raw` would only count and copy it once more."""
    return aiter(cast("httpx.AsyncByteStream", response.stream))


def decode(data: bytes, kind: type[_T]) -> _T:
    """Read JSON of Ollama's; raises AnswerUnreadable."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise unreadable(data, error) from error


def unreadable(data: bytes, error: msgspec.DecodeError) -> AnswerUnreadable:
    """Give the error of an answer that is no JSON, or JSON of another form."""
    shown = data[:_MOST_QUOTED_BYTES].decode("utf-8", "replace")
    return AnswerUnreadable(f"Ollama's answer {shown!r} could not be read: {error}.")
