"""The configured Ollama, as methods.

The environment's proxies are not used: Ollama is on this machine or beside it, and a proxy would
see every prompt. A connection is kept after an answer and used again.

Reading an answer has no time limit, because a long prompt is read for minutes before the first byte
comes: a client that waits gets pings, and one that leaves cancels the request. Requests that only
look something up have a limit.
"""

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

import httpx
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from ollama_claude_proxy import __version__
from ollama_claude_proxy.errors import AnswerUnreadable, OllamaGone, OllamaUnreachable
from ollama_claude_proxy.upstream.ollama.answer_stream import AnswerStream, decode
from ollama_claude_proxy.upstream.ollama.chat_request import chat_request
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_exception,
)
from ollama_claude_proxy.upstream.ollama.profiles import installed_model, model_profile
from ollama_claude_proxy.upstream.ollama.response_body import check_response, read_body
from ollama_claude_proxy.upstream.upstream import ChunkStream
from ollama_claude_proxy.wire.chat import ModelRequest
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.model import (
    InstalledModel,
    LoadedModel,
    ModelProfile,
    PullProgress,
)
from ollama_claude_proxy.wire.ollama import (
    EmbedResponse,
    PsResponse,
    RenderResponse,
    ShowResponse,
    TagsResponse,
    VerboseShowResponse,
    VersionResponse,
)
from ollama_claude_proxy.wire.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

Transport = httpx.AsyncBaseTransport

# Listing and describing takes Ollama milliseconds, or seconds if a disk must wake up first.
_LOOK_UP_SECONDS = 30.0
# An Ollama that is restarted or updated is back by then.
_RESTART_SECONDS = 60.0
# As many as there are answers at once, mostly one; each costs a file descriptor.
_MAX_IDLE_CONNECTIONS = 20
_IDLE_SECONDS = 30.0
_HEADERS = {
    "accept-encoding": "identity",  # compression would only delay tokens
    "content-type": "application/json",
    "user-agent": f"ollama-claude-proxy/{__version__}",
}
_T = TypeVar("_T", bound=Struct)


class OllamaClient:
    """One Ollama; every method raises the errors of `failures`.

    `base_url` may hold a user and password for a gateway before Ollama. `connect_timeout` is in
    seconds; `transport` stands in for the network.
    """

    def __init__(
        self, base_url: str, *, connect_timeout: float = 5.0, transport: Transport | None = None
    ) -> None:
        url = httpx.URL(base_url)
        # For messages, without the password.
        self._url = str(url.copy_with(userinfo=b"")).rstrip("/")
        self._headers = _HEADERS | _authorization(url)
        self._transport = transport or _network(self._url)
        self._extensions = {"timeout": {"connect": connect_timeout}}
        self._answered_at = float("-inf")

    async def version(self) -> str:
        """Return Ollama's version, such as `0.32.15`."""
        return (await self._look_up("GET", "/api/version", VersionResponse)).version

    async def models(self) -> list[InstalledModel]:
        """Return the installed models, in Ollama's order (the newest first)."""
        tags = (await self._look_up("GET", "/api/tags", TagsResponse)).models or []
        return [installed_model(tag) for tag in tags]

    async def describe(self, model: InstalledModel) -> ModelProfile:
        """Return what Ollama knows of a model; raises ModelNotInstalled."""
        show = await self._look_up("POST", "/api/show", ShowResponse, model=model.name)
        return model_profile(model, show)

    async def tokenizer(self, model: str) -> Tokenizer:
        """Return what Ollama knows of a model's tokenizer; raises ModelNotInstalled.

        With the vocabulary that is some megabytes, so they are decoded in a thread.
        """
        body = await self._look_up_body("POST", "/api/show", model=model, verbose=True)
        return (await asyncio.to_thread(decode, body, VerboseShowResponse)).model_info

    async def loaded(self) -> list[LoadedModel]:
        """Return the models that are in memory now."""
        return (await self._look_up("GET", "/api/ps", PsResponse)).models or []

    async def render(self, request: ModelRequest) -> str | None:
        """Return the prompt that a request is rendered as; None from an Ollama that cannot say.

        An old Ollama answers the request instead, so at most one token is asked for.
        """
        body = chat_request(replace(request, max_tokens=1))
        probe = to_builtins(body) | {"stream": False, "_debug_render_only": True}
        context = RequestContext(self._url, request.model)
        response = await self._send("POST", "/api/chat", encode_json(probe), context)
        try:
            await check_response(response, context, _LOOK_UP_SECONDS)
            info = decode(await read_body(response, context), RenderResponse).debug_info
        except AnswerUnreadable:  # another server in Ollama's place, which streams its answer
            return None
        finally:
            await response.aclose()
        return None if info is None else info.rendered_template

    async def embed(
        self, model: str, texts: Sequence[str], keep_alive: str | int
    ) -> list[list[float]]:
        """Return a vector for each text; raises ModelUnusable where the model makes none.

        It runs on the processor, so that it pushes no other model out of the graphics card.
        """
        answer = await self._look_up(
            "POST",
            "/api/embed",
            EmbedResponse,
            model=model,
            input=texts,
            truncate=True,
            keep_alive=keep_alive,
            options={"num_gpu": 0},
        )
        return answer.embeddings

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download a model and yield the progress; raises UpstreamRejected when it fails."""
        body = encode_json({"model": model, "stream": True})
        async with self._stream("/api/pull", body, RequestContext(self._url, model)) as answer:
            async for progress in answer.pull_progress():
                yield progress

    @asynccontextmanager
    async def chat(
        self, request: ModelRequest, *, prompt_tokens: int = 0, window: int = 0
    ) -> AsyncIterator[ChunkStream]:
        """Start an answer; yield its chunks, of which those that arrived in one read come together.

        Entering waits until Ollama has accepted the request, which is when the first line
        arrives. Leaving early cancels the generation.
        """
        body = encode_json(chat_request(request))
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("to Ollama: %s", body.decode())
        context = RequestContext(self._url, request.model, prompt_tokens, window)
        async with self._stream("/api/chat", body, context) as answer:
            yield answer.chunks()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _stream(
        self, path: str, body: bytes, context: RequestContext
    ) -> AsyncIterator[AnswerStream]:
        response = await self._send("POST", path, body, context)
        answer = AnswerStream(response, context)
        try:
            await check_response(response, context, _LOOK_UP_SECONDS)
            yield answer
        finally:
            await answer.close()

    async def _look_up(self, method: str, path: str, kind: type[_T], **body: Any) -> _T:
        return decode(await self._look_up_body(method, path, **body), kind)

    async def _look_up_body(self, method: str, path: str, **body: Any) -> bytes:
        context = RequestContext(self._url, str(body.get("model", "")))
        content = encode_json(body) if body else b""
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                response = await self._send(method, path, content, context)
                try:
                    await check_response(response, context, _LOOK_UP_SECONDS)
                    return await read_body(response, context)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            reason = f"no answer in {_LOOK_UP_SECONDS:g} s"
            raise OllamaUnreachable(self._url, reason) from error

    async def _send(
        self, method: str, path: str, body: bytes, context: RequestContext
    ) -> httpx.Response:
        request = httpx.Request(
            method,
            _address(self._url + path),
            headers=self._headers,
            content=body,
            extensions=self._extensions,
        )
        try:
            response = await self._request(request)
        except httpx.RequestError as error:
            failure = error_from_exception(error, context, within=False)
            if isinstance(failure, OllamaUnreachable) and self._answered_recently():
                raise OllamaGone(context.url) from error
            raise failure from error
        self._answered_at = time.monotonic()
        return response

    async def _request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; once more where the connection broke before an answer came.

        Usually it was an idle connection that Ollama closed at the same moment. Nothing is lost: a
        repeated chat changes nothing, and what was read of its prompt is cached.
        """
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self._transport.handle_async_request(request)

    def _answered_recently(self) -> bool:
        return time.monotonic() - self._answered_at < _RESTART_SECONDS


def _authorization(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}".encode()
    return {"authorization": f"Basic {b64encode(pair).decode()}"}


@cache
def _address(url: str) -> httpx.URL:
    """Return a parsed address; there are few, and they do not change."""
    return httpx.URL(url)


def _network(url: str) -> Transport:
    limits = httpx.Limits(
        max_connections=None,
        max_keepalive_connections=_MAX_IDLE_CONNECTIONS,
        keepalive_expiry=_IDLE_SECONDS,
    )
    uses_tls = url.startswith("https:")  # otherwise no certificates need to be read
    return httpx.AsyncHTTPTransport(verify=uses_tls, limits=limits, trust_env=False)
