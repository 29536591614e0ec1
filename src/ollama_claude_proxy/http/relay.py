"""One running answer: Ollama's stream in, Anthropic's events out, and silence kept short.

The headers wait until Ollama has accepted the request, so that a refusal is still an HTTP status,
but at most `header_grace` seconds. Then `message_start`, and from there a `ping` whenever nothing
else was sent for `ping_interval` seconds: Claude Code gives up after 300 seconds without a byte.
A client that goes away ends the generation at once, for it holds the only slot. An answer that is
not streamed takes the same way and is collected at the end.

Three tasks share a response: the pump (the request's own), the keeper that pings, and the watcher
that waits for the client to leave. The pump ends the other two.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from starlette.types import Receive, Scope, Send

from ollama_claude_proxy.errors import InternalError, OcpError, ShuttingDown
from ollama_claude_proxy.http import sse
from ollama_claude_proxy.http.planning import Planned
from ollama_claude_proxy.http.responses import error_response, json_response
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.logs import request_log
from ollama_claude_proxy.translate.response.collect import collect
from ollama_claude_proxy.translate.response.stream import StreamTranslator
from ollama_claude_proxy.wire.events import Event, encode_json
from ollama_claude_proxy.wire.ollama import ChatLine

logger = logging.getLogger(__name__)

Batches = AsyncIterator[Sequence[ChatLine]]


class Relay:
    """An ASGI response that runs a planned request."""

    def __init__(self, services: Services, planned: Planned, translator: StreamTranslator) -> None:
        self._services = services
        self._settings = services.settings
        self._body = encode_json(planned.plan.body)
        self._streamed = bool(planned.request.stream)
        self._headers = {"x-ocp-model": planned.plan.model}
        self._facts = {
            "model": planned.plan.model,
            "asked_for": planned.request.model,
            "bytes": planned.size,
        }
        self._notes = planned.plan.notes
        self._translator = translator
        self._pump: asyncio.Task[None] | None = None
        self._failure: OcpError | None = None
        self._gone = False
        self._complete = False
        self._started = False
        self._last_sent = 0.0
        self._began = time.monotonic()
        self._first_line_seconds: float | None = None

    def stop(self) -> None:
        """End with an error event, because the proxy is being stopped."""
        self._interrupt(ShuttingDown())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        identifier: str = scope["state"]["request_id"]
        self._send = send
        self._services.running.add(self)
        watcher = asyncio.create_task(self._watch(receive))
        self._pump = asyncio.create_task(self._run())
        try:
            await self._pump
        except asyncio.CancelledError:
            if not self._gone and self._failure is None:
                raise
            if not self._gone and self._failure is not None:
                await self._explain(self._failure, identifier, scope, receive)
        except OcpError as error:
            self._failure = error
            await self._explain(error, identifier, scope, receive)
        except Exception:
            logger.exception("request %s failed", identifier)
            self._failure = InternalError(identifier)
            await self._explain(self._failure, identifier, scope, receive)
        finally:
            self._services.running.discard(self)
            await _end(watcher)
            await _end(self._pump)
            self._log(identifier)

    async def _run(self) -> None:
        chat = self._services.ollama.chat(self._body)
        async with AsyncExitStack() as stack:
            if self._streamed:
                await self._stream(chat, stack)
            else:
                await self._collect(await stack.enter_async_context(chat))

    async def _stream(
        self,
        chat: AbstractAsyncContextManager[Batches],
        stack: AsyncExitStack,
    ) -> None:
        accepted = asyncio.create_task(stack.enter_async_context(chat))
        stack.push_async_callback(_end, accepted)
        await asyncio.wait({accepted}, timeout=self._settings.header_grace)
        if accepted.done():
            accepted.result()
        await self._start()
        keeper = asyncio.create_task(self._keep())
        stack.push_async_callback(_end, keeper)
        batches = await accepted
        self._first_line_seconds = time.monotonic() - self._began
        async for lines in batches:
            await self._write([event for line in lines for event in self._translator.feed(line)])
            if self._translator.stopped:
                break
        await self._write(self._translator.finish(), last=True)

    async def _collect(self, batches: Batches) -> None:
        events = self._translator.start()
        async for lines in batches:
            for line in lines:
                events += self._translator.feed(line)
            if self._translator.stopped:
                break
        events += self._translator.finish()
        if self._translator.failure is not None:
            raise self._translator.failure
        response = json_response(collect(events), headers=self._headers)
        self._started = self._complete = True
        await response({"type": "http"}, _nothing, self._send)

    async def _start(self) -> None:
        headers = {
            "content-type": sse.MEDIA_TYPE,
            "cache-control": "no-cache",
            "x-accel-buffering": "no",
            **self._headers,
        }
        raw = [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
        ]
        self._started = True
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        await self._write(self._translator.start())

    async def _write(self, events: list[Event], *, last: bool = False) -> None:
        if events or last:
            self._last_sent = time.monotonic()
            self._complete = last
            await self._send(
                {"type": "http.response.body", "body": sse.encode(events), "more_body": not last}
            )

    async def _keep(self) -> None:
        """Ping whenever nothing was sent for a while."""
        interval = self._settings.ping_interval
        while True:
            silent = time.monotonic() - self._last_sent
            if silent >= interval:
                self._last_sent = time.monotonic()
                await self._send(
                    {"type": "http.response.body", "body": sse.PING, "more_body": True}
                )
                silent = 0.0
            await asyncio.sleep(interval - silent)

    async def _watch(self, receive: Receive) -> None:
        """Wait until the client goes away."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if not self._complete:  # after the last byte a server reports a disconnect, too
            self._gone = True
            self._interrupt(None)

    def _interrupt(self, failure: OcpError | None) -> None:
        if self._pump is not None and not self._pump.done():
            self._failure = self._failure or failure
            self._pump.cancel()

    async def _explain(
        self, error: OcpError, identifier: str, scope: Scope, receive: Receive
    ) -> None:
        """Say an error: as a status while the headers wait, else as an event."""
        if not self._started:
            await error_response(error, identifier)(scope, receive, self._send)
        elif self._streamed:
            await self._write(self._translator.fail(error), last=True)

    def _log(self, identifier: str) -> None:
        translator = self._translator
        notes = [*self._notes, *translator.notes]
        done = translator.done
        request_log(
            "POST /v1/messages",
            request=identifier,
            outcome=self._outcome(),
            **self._facts,
            stream=self._streamed,
            prompt_tokens=done.prompt_eval_count if done else None,
            answer_tokens=done.eval_count if done else translator.lines,
            first_line_seconds=self._first_line_seconds,
            seconds=time.monotonic() - self._began,
            notes="; ".join(notes) or None,
        )

    def _outcome(self) -> str:
        if self._gone:
            return "client left"
        failure = self._failure or self._translator.failure
        return "answered" if failure is None else f"{failure.status} {failure.message}"


async def _nothing() -> dict[str, str]:  # a response that is sent whole never receives
    return {"type": "http.disconnect"}


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it is over, whatever came of it."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
