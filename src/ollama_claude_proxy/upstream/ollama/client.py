"""The configured Ollama, as methods.

The environment's proxies are not used: Ollama is on this machine or beside it, and a proxy would
see every prompt. A connection is kept after an answer and used again.

Reading an answer has no time limit, for a long prompt is read for minutes before the first byte
comes; who waits is told so by pings, and who leaves cancels the request. What only looks something
up has one.
"""

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any, TypeVar

import httpx
from msgspec import Struct

from ollama_claude_proxy import __version__
from ollama_claude_proxy.errors import AnswerUnreadable, OllamaGone, OllamaUnreachable
from ollama_claude_proxy.upstream.ollama.answer_stream import Answer, data_of, decode
from ollama_claude_proxy.upstream.ollama.error_text import quoted
from ollama_claude_proxy.upstream.ollama.failures import Asked, from_answer, from_exception
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.ollama import (
    ChatLine,
    Embeddings,
    PullProgress,
    Rendering,
    Running,
    RunningModel,
    Show,
    Tags,
    TagsModel,
    Version,
)

logger = logging.getLogger(__name__)

Transport = httpx.AsyncBaseTransport

# Listing and describing takes Ollama milliseconds; on a disk that must wake up first, seconds.
_LOOK_UP_SECONDS = 30.0
# `/api/show` of a model with all its licences and tensors has some 100 kB.
_MOST_BYTES = 32 * 1024 * 1024
# Somebody who restarts Ollama, or updates it, has it back by then.
_RESTART_SECONDS = 60.0
# As many as there are answers at once, mostly one; each costs a file descriptor.
_MOST_IDLE = 20
_IDLE_SECONDS = 30.0
_HEADERS = {
    "accept-encoding": "identity",  # packing and unpacking would only hold tokens back
    "content-type": "application/json",
    "user-agent": f"ollama-claude-proxy/{__version__}",
}
_T = TypeVar("_T", bound=Struct)


class Chat(Struct, frozen=True):
    """A `/api/chat` call: its body, and what error messages need of it."""

    body: bytes
    model: str
    prompt_tokens: int
    window: int


class Ollama:
    """One Ollama; every method raises what `failures` makes of its errors.

    `base_url` may hold a user and password for a gateway before Ollama. `connect_timeout` is in
    seconds; `transport` stands in for the network.
    """

    def __init__(
        self, base_url: str, *, connect_timeout: float = 5.0, transport: Transport | None = None
    ) -> None:
        url = httpx.URL(base_url)
        # What is shown in messages, without the password.
        self._url = str(url.copy_with(userinfo=b"")).rstrip("/")
        self._headers = _HEADERS | _authorization(url)
        self._transport = transport or _network(self._url)
        self._extensions = {"timeout": {"connect": connect_timeout}}
        self._answered_at = float("-inf")

    async def version(self) -> str:
        """Give Ollama's version, such as `0.32.15`."""
        return (await self._look_up("GET", "/api/version", Version)).version

    async def tags(self) -> list[TagsModel]:
        """Give the installed models."""
        return (await self._look_up("GET", "/api/tags", Tags)).models or []

    async def show(self, model: str) -> Show:
        """Give what Ollama knows of a model; raises ModelNotInstalled."""
        return await self._look_up("POST", "/api/show", Show, model=model)

    async def render(self, body: dict[str, Any]) -> str | None:
        """Give the prompt that a `/api/chat` body is rendered as; None from an Ollama that cannot.

        One that does not know the question answers it instead: with one token, then.
        """
        options = {**body.get("options", {}), "num_predict": 1}
        asking = {**body, "options": options, "stream": False, "_debug_render_only": True}
        asked = Asked(self._url, str(body["model"]))
        content = encode_json(asking)
        response = await self._send("POST", "/api/chat", content, asked)
        try:
            await _check(response, asked)
            info = decode(await _read(response, asked), Rendering).debug_info
        except AnswerUnreadable:  # another server in Ollama's place, which streams its answer
            return None
        finally:
            await response.aclose()
        return None if info is None else info.rendered_template

    async def running(self) -> list[RunningModel]:
        """Give the models that are loaded now."""
        return (await self._look_up("GET", "/api/ps", Running)).models or []

    async def embed(self, model: str, texts: list[str], keep_alive: str | int) -> list[list[float]]:
        """Give a vector for each text; raises ModelUnusable where the model makes none.

        It runs on the processor, so that it pushes no other model out of the graphics card.
        """
        answer = await self._look_up(
            "POST",
            "/api/embed",
            Embeddings,
            model=model,
            input=texts,
            truncate=True,
            keep_alive=keep_alive,
            options={"num_gpu": 0},
        )
        return answer.embeddings

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download a model, telling how far it is; raises UpstreamRejected when it fails."""
        body = encode_json({"model": model, "stream": True})
        async with self._answer("/api/pull", body, Asked(self._url, model)) as answer:
            async for line in answer.pull():
                yield line

    @asynccontextmanager
    async def chat(self, chat: Chat) -> AsyncIterator[AsyncIterator[list[ChatLine]]]:
        """Start an answer; give its lines, all that came in one read together.

        Entering waits until Ollama has accepted the request, which is when the first line is
        there. Leaving early cancels the generation.
        """
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("to Ollama: %s", chat.body.decode())
        asked = Asked(self._url, chat.model, chat.prompt_tokens, chat.window)
        async with self._answer("/api/chat", chat.body, asked) as answer:
            yield answer.chat()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _answer(self, path: str, body: bytes, asked: Asked) -> AsyncIterator[Answer]:
        response = await self._send("POST", path, body, asked)
        answer = Answer(response, asked)
        try:
            await _check(response, asked)
            yield answer
        finally:
            await answer.close()

    async def _look_up(self, method: str, path: str, kind: type[_T], **body: Any) -> _T:
        asked = Asked(self._url, str(body.get("model", "")))
        content = encode_json(body) if body else b""
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                response = await self._send(method, path, content, asked)
                try:
                    await _check(response, asked)
                    return decode(await _read(response, asked), kind)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            reason = f"no answer in {_LOOK_UP_SECONDS:g} s"
            raise OllamaUnreachable(self._url, reason) from error

    async def _send(self, method: str, path: str, body: bytes, asked: Asked) -> httpx.Response:
        request = httpx.Request(
            method,
            _address(self._url + path),
            headers=self._headers,
            content=body,
            extensions=self._extensions,
        )
        try:
            response = await self._ask(request)
        except httpx.RequestError as error:
            failure = from_exception(error, asked, within=False)
            if isinstance(failure, OllamaUnreachable) and self._was_there():
                raise OllamaGone(asked.url) from error
            raise failure from error
        self._answered_at = time.monotonic()
        return response

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request; once more where the connection broke before an answer came.

        Mostly it was one that was kept, and that Ollama closed at the same moment. Nothing is lost:
        a chat that is asked twice changes nothing, and what was read of its prompt is cached.
        """
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self._transport.handle_async_request(request)

    def _was_there(self) -> bool:
        return time.monotonic() - self._answered_at < _RESTART_SECONDS


def _authorization(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}".encode()
    return {"authorization": f"Basic {b64encode(pair).decode()}"}


@cache
def _address(url: str) -> httpx.URL:
    """Take an address apart; they are few and do not change."""
    return httpx.URL(url)


def _network(url: str) -> Transport:
    limits = httpx.Limits(
        max_connections=None,
        max_keepalive_connections=_MOST_IDLE,
        keepalive_expiry=_IDLE_SECONDS,
    )
    secure = url.startswith("https:")  # without, there is no need to read all certificates
    return httpx.AsyncHTTPTransport(verify=secure, limits=limits, trust_env=False)


async def _check(response: httpx.Response, asked: Asked) -> None:
    """Raise what another status than 200 means, or another type than JSON."""
    kind = response.headers.get("content-type", "")
    if response.status_code == 200 and "json" in kind:
        return
    body = b""
    with suppress(TimeoutError):  # something else than Ollama may never end
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            body = await _read(response, asked)
    if response.status_code != 200:
        raise from_answer(response.status_code, body, asked)
    words = quoted(body[:200].decode("utf-8", "replace"))
    raise AnswerUnreadable(
        f"What answers at {asked.url!r} is no Ollama: it sends {kind!r}, not JSON: {words!r}."
    )


async def _read(response: httpx.Response, asked: Asked) -> bytes:
    """Read a whole body, which has an end."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in data_of(response):
            parts.append(part)
            size += len(part)
            if size > _MOST_BYTES:
                raise AnswerUnreadable(f"{asked.url!r} answered with over {_MOST_BYTES} bytes.")
    except httpx.RequestError as error:
        raise from_exception(error, asked, within=True) from error
    return b"".join(parts)
