"""The connection to the configured Ollama.

The environment's proxies are not used: Ollama is on this machine or beside it, and a proxy would
see every prompt. Reading has no time limit, for a long prompt is read for minutes before the first
byte comes; who waits is told so by pings, and who leaves cancels the request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from ollama_claude_proxy.errors import AnswerUnreadable, UpstreamRejected
from ollama_claude_proxy.upstream.failures import from_answer, from_exception, from_line
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.ndjson import LineSplitter, LineTooLong
from ollama_claude_proxy.wire.ollama import (
    ChatLine,
    PullProgress,
    Running,
    RunningModel,
    Show,
    Tags,
    TagsModel,
    Version,
    decode_chat_line,
)

Transport = httpx.AsyncBaseTransport

_JSON = {"content-type": "application/json", "accept-encoding": "identity"}
_MOST_QUOTED = 200
_T = TypeVar("_T", bound=Struct)


class Chat(Struct, frozen=True):
    """A `/api/chat` call: its body, and what error messages need of it."""

    body: bytes
    model: str
    prompt_tokens: int
    window: int


class Ollama:
    """One Ollama; every method raises what `failures` makes of its errors."""

    def __init__(
        self, base_url: str, *, connect_timeout: float = 5.0, transport: Transport | None = None
    ) -> None:
        self._url = base_url
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            trust_env=False,
            timeout=httpx.Timeout(None, connect=connect_timeout),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )

    async def version(self) -> str:
        """Give Ollama's version, such as `0.32.15`."""
        return (await self._ask("GET", "/api/version", Version)).version

    async def tags(self) -> list[TagsModel]:
        """Give the installed models."""
        return (await self._ask("GET", "/api/tags", Tags)).models or []

    async def show(self, model: str) -> Show:
        """Give what Ollama knows of a model; raises ModelNotInstalled."""
        return await self._ask("POST", "/api/show", Show, model=model)

    async def running(self) -> list[RunningModel]:
        """Give the models that are loaded now."""
        return (await self._ask("GET", "/api/ps", Running)).models or []

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download a model, telling how far it is; raises UpstreamRejected when it fails."""
        request = self._request("/api/pull", encode_json({"model": model, "stream": True}))
        response = await self._send(request)
        splitter = LineSplitter()
        try:
            await self._check(response, Chat(b"", model, 0, 0))
            async for data in response.aiter_raw():
                for line in splitter.feed(data):
                    progress = _decode(line, PullProgress)
                    if progress.error:
                        raise UpstreamRejected(f"Ollama cannot pull {model!r}: {progress.error}.")
                    yield progress
        except httpx.HTTPError as error:
            raise from_exception(error, self._url, answering=True) from error
        finally:
            await response.aclose()

    @asynccontextmanager
    async def chat(self, chat: Chat) -> AsyncIterator[AsyncIterator[list[ChatLine]]]:
        """Start an answer; give its lines, all that came in one read together.

        Entering waits until Ollama has accepted the request, which is when the first line is
        there. Leaving early cancels the generation.
        """
        response = await self._send(self._request("/api/chat", chat.body))
        try:
            await self._check(response, chat)
            yield self._lines(response, chat)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _request(self, path: str, body: bytes) -> httpx.Request:
        return self._client.build_request("POST", path, content=body, headers=_JSON)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; once more where the connection was one that Ollama had closed.

        Nothing is lost by that: no header had come, and a prompt that is read twice is cached.
        """
        try:
            return await self._client.send(request, stream=True)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self._send_again(request)
        except httpx.HTTPError as error:
            raise from_exception(error, self._url, answering=False) from error

    async def _send_again(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise from_exception(error, self._url, answering=False) from error

    async def _check(self, response: httpx.Response, chat: Chat) -> None:
        if response.status_code != 200:
            try:
                body = await response.aread()
            except httpx.HTTPError as error:
                raise from_exception(error, self._url, answering=True) from error
            raise from_answer(
                response.status_code,
                body,
                model=chat.model,
                prompt_tokens=chat.prompt_tokens,
                window=chat.window,
            )
        kind = response.headers.get("content-type", "")
        if "json" not in kind:
            raise AnswerUnreadable(f"What answers at {self._url!r} sends {kind!r}, not JSON.")

    async def _lines(self, response: httpx.Response, chat: Chat) -> AsyncIterator[list[ChatLine]]:
        splitter = LineSplitter()
        try:
            async for data in response.aiter_raw():
                if lines := splitter.feed(data):
                    yield _chat_lines(lines, chat)
        except httpx.HTTPError as error:
            raise from_exception(error, self._url, answering=True) from error
        except LineTooLong as error:
            raise AnswerUnreadable(f"Ollama sent {error}.") from error
        if lines := splitter.flush():
            yield _chat_lines(lines, chat)

    async def _ask(self, method: str, path: str, kind: type[_T], **body: Any) -> _T:
        content = encode_json(body) if body else None
        request = self._client.build_request(method, path, content=content, headers=_JSON)
        response = await self._send(request)
        try:
            await self._check(response, Chat(b"", str(body.get("model", "")), 0, 0))
            return _decode(await response.aread(), kind)
        except httpx.HTTPError as error:
            raise from_exception(error, self._url, answering=True) from error
        finally:
            await response.aclose()


def _chat_lines(lines: list[bytes], chat: Chat) -> list[ChatLine]:
    """Decode lines; a line that is an error raises it."""
    decoded = []
    for line in lines:
        try:
            one = decode_chat_line(line)
        except msgspec.DecodeError as error:
            raise _unreadable(line, error) from error
        if one.error is not None:
            raise from_line(one.error, prompt_tokens=chat.prompt_tokens, window=chat.window)
        decoded.append(one)
    return decoded


def _decode(line: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        raise _unreadable(line, error) from error


def _unreadable(line: bytes, error: msgspec.DecodeError) -> AnswerUnreadable:
    shown = line[:_MOST_QUOTED].decode("utf-8", "replace")
    return AnswerUnreadable(f"Ollama's answer {shown!r} could not be read: {error}.")
