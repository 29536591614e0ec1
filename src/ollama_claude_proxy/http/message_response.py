"""One client and the answer that it gets: Anthropic's events, and silence kept short.

The headers wait until the backend has accepted the request, so that a refusal is still an HTTP
status, but at most `header_grace` seconds. Then comes `message_start`, and from there a `ping`
whenever nothing else was sent for `ping_interval` seconds: Claude Code gives up after 300 seconds
without a byte. A client that disconnects leaves the generation, which ends with its last listener,
because it holds the only slot. An answer that is not streamed takes the same way and is collected
at the end.

The pump reads the generation's events and can be interrupted by the watcher, which waits for the
client to leave. However it ends, errors are sent in one place, and one line is logged.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from ollama_claude_proxy.engine.background_tasks import cancel_and_wait
from ollama_claude_proxy.engine.generation import Generation
from ollama_claude_proxy.engine.planner import PlannedRequest
from ollama_claude_proxy.errors import InternalError, OcpError
from ollama_claude_proxy.http import sse
from ollama_claude_proxy.http.event_writer import EventWriter
from ollama_claude_proxy.http.responses import error_response, json_response
from ollama_claude_proxy.http.turn_headers import call_headers, plan_headers
from ollama_claude_proxy.logs import request_log
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.response.collect_message import collect_message
from ollama_claude_proxy.wire.events import Event

logger = logging.getLogger(__name__)


class MessageResponse:
    """An ASGI response that passes a generation on to one client, which has joined it."""

    def __init__(self, settings: Settings, planned: PlannedRequest, generation: Generation) -> None:
        self._settings = settings
        self._generation = generation
        self._translator = generation.translator
        self._record = planned.record
        self._pump: asyncio.Task[None] | None = None
        self._failure: OcpError | None = None
        self._client_left = False
        self._is_sent = False
        self._began = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        request_id: str = scope["state"]["request_id"]
        interval = self._settings.ping_interval
        writer = EventWriter(send, interval, lambda: self._generation.queue_comment)
        watcher = asyncio.create_task(self._watch(receive, writer))
        self._pump = asyncio.create_task(self._run(writer, send))
        try:
            self._failure = await self._wait_for_pump(self._pump, request_id)
            if self._failure is not None:
                await self._send_error(self._failure, writer, scope, receive, send)
        finally:
            await cancel_and_wait(watcher)
            await cancel_and_wait(self._pump)
            await self._generation.leave()
            await writer.cancel()
            self._log(request_id)

    async def _wait_for_pump(self, pump: asyncio.Task[None], request_id: str) -> OcpError | None:
        """Wait for the pump; return the error that the client must be told."""
        try:
            await pump
        except asyncio.CancelledError:
            if not self._client_left:
                raise
        except OcpError as error:
            return error
        except Exception:
            logger.exception("request %s failed", request_id)
            return InternalError(request_id)
        return None

    async def _run(self, writer: EventWriter, send: Send) -> None:
        async with aclosing(self._generation.events()) as batches:
            if self._record.is_streamed:
                await self._stream(batches, writer)
            else:
                await self._collect(batches, send)

    async def _stream(self, batches: AsyncIterator[list[Event]], writer: EventWriter) -> None:
        accepted = asyncio.create_task(_next_batch(batches))
        try:
            await asyncio.wait({accepted}, timeout=self._settings.header_grace)
            if accepted.done():
                accepted.result()
            headers = {"content-type": sse.MEDIA_TYPE, **sse.HEADERS, **plan_headers(self._record)}
            await writer.open(headers)
            await writer.put(self._translator.start())
            await writer.put(await accepted)
            async for events in batches:
                await writer.put(events)
        finally:
            await cancel_and_wait(accepted)
        await writer.close()

    async def _collect(self, batches: AsyncIterator[list[Event]], send: Send) -> None:
        events = self._translator.start()
        async for batch in batches:
            events += batch
        if self._translator.failure is not None:
            raise self._translator.failure
        self._is_sent = True
        self._record.calls = self._translator.call_stats
        headers = plan_headers(self._record) | call_headers(self._record)
        response = json_response(collect_message(events), headers=headers)
        await response({"type": "http"}, _receive_nothing, send)

    async def _watch(self, receive: Receive, writer: EventWriter) -> None:
        """Wait until the client disconnects."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if not (writer.closed or self._is_sent):  # the server reports it after the last byte, too
            self._client_left = True
            if self._pump is not None and not self._pump.done():
                self._pump.cancel()

    async def _send_error(
        self, error: OcpError, writer: EventWriter, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an error: as a status while the headers wait, otherwise as an event."""
        if writer.opened and not writer.closed:
            await writer.close(self._translator.fail(error))
        elif not (writer.opened or self._is_sent):
            request_id: str = scope["state"]["request_id"]
            await error_response(error, request_id)(scope, receive, send)

    def _log(self, request_id: str) -> None:
        self._generation.fill_record(self._record)
        self._record.outcome = self._outcome()
        self._record.times.total = time.monotonic() - self._began
        request_log("POST /v1/messages", request=request_id, **self._record.log_fields())

    def _outcome(self) -> str:
        if self._client_left:
            return "client left"
        failure = self._failure or self._translator.failure
        return "answered" if failure is None else f"{failure.status} {failure.message}"


async def _next_batch(batches: AsyncIterator[list[Event]]) -> list[Event]:
    return await anext(batches)


async def _receive_nothing() -> dict[str, str]:  # a response that is sent whole never receives
    return {"type": "http.disconnect"}
