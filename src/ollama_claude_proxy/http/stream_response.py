"""One client and the answer that it gets: Anthropic's events, and silence kept short.

The headers wait until Ollama has accepted the request, so that a refusal is still an HTTP status,
but at most `header_grace` seconds. Then `message_start`, and from there a `ping` whenever nothing
else was sent for `ping_interval` seconds: Claude Code gives up after 300 seconds without a byte.
A client that goes away leaves the generation, which ends when nobody listens to it any more, for it
holds the only slot. An answer that is not streamed takes the same way and is collected at the end.

The pump reads the generation's events and can be interrupted by the watcher, which waits for the
client to leave. Whatever ends it, the rest is said in one place, and the log has one line.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from ollama_claude_proxy.engine.generation import Generation
from ollama_claude_proxy.engine.planning import Planned
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.engine.tasks import cancel_and_wait
from ollama_claude_proxy.errors import InternalError, OcpError, ShuttingDown
from ollama_claude_proxy.http import sse
from ollama_claude_proxy.http.event_writer import Outbox
from ollama_claude_proxy.http.responses import error_response, json_response
from ollama_claude_proxy.logs import request_log
from ollama_claude_proxy.translate.response.call_writer import told
from ollama_claude_proxy.translate.response.collect import collect
from ollama_claude_proxy.wire.events import Event

logger = logging.getLogger(__name__)

# Seconds in the queue that are worth a word.
_LONG = 0.05


class Relay:
    """An ASGI response that passes a generation on to one client."""

    def __init__(self, services: Services, planned: Planned, generation: Generation) -> None:
        self._services = services
        self._settings = services.settings
        self._generation = generation
        self._translator = generation.translator
        self._planned = planned
        self._streamed = bool(planned.request.stream)
        self._headers = {
            "x-ocp-model": planned.plan.model,
            "x-ocp-tools": planned.plan.shown,
            "x-ocp-prefix": _prefix(planned),
        }
        fitted = planned.remembered.fitted
        if fitted is not None:
            self._headers["x-ocp-memory"] = (
                f"left={fitted.left} shortened={fitted.shortened} loaded={fitted.loaded}"
            )
        self._pump: asyncio.Task[None] | None = None
        self._failure: OcpError | None = None
        self._gone = False
        self._sent = False
        self._began = time.monotonic()

    def stop(self) -> None:
        """End with an error event, because the proxy is being stopped."""
        self._generation.interrupt(ShuttingDown())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        identifier: str = scope["state"]["request_id"]
        outbox = Outbox(send, self._settings.ping_interval, lambda: self._generation.remark)
        self._services.running.add(self)
        watcher = asyncio.create_task(self._watch(receive, outbox))
        self._pump = asyncio.create_task(self._run(outbox, send))
        try:
            self._failure = await self._ended(self._pump, identifier)
            if self._failure is not None:
                await self._explain(self._failure, outbox, scope, receive, send)
        finally:
            self._services.running.discard(self)
            await cancel_and_wait(watcher)
            await cancel_and_wait(self._pump)
            await self._generation.leave()
            await outbox.abandon()
            self._log(identifier)

    async def _ended(self, pump: asyncio.Task[None], identifier: str) -> OcpError | None:
        """Wait for the pump; give what the client must be told."""
        try:
            await pump
        except asyncio.CancelledError:
            if not self._gone:
                raise
        except OcpError as error:
            return error
        except Exception:
            logger.exception("request %s failed", identifier)
            return InternalError(identifier)
        return None

    async def _run(self, outbox: Outbox, send: Send) -> None:
        async with aclosing(self._generation.events()) as batches:
            if self._streamed:
                await self._stream(batches, outbox)
            else:
                await self._collect(batches, send)

    async def _stream(self, batches: AsyncIterator[list[Event]], outbox: Outbox) -> None:
        accepted = asyncio.create_task(_first(batches))
        try:
            await asyncio.wait({accepted}, timeout=self._settings.header_grace)
            if accepted.done():
                accepted.result()
            await outbox.open({"content-type": sse.MEDIA_TYPE, **sse.HEADERS, **self._headers})
            await outbox.put(self._translator.start())
            await outbox.put(await accepted)
            async for events in batches:
                await outbox.put(events)
        finally:
            await cancel_and_wait(accepted)
        await outbox.close()

    async def _collect(self, batches: AsyncIterator[list[Event]], send: Send) -> None:
        events = self._translator.start()
        async for some in batches:
            events += some
        if self._translator.failure is not None:
            raise self._translator.failure
        self._sent = True
        made = {"x-ocp-calls": calls} if (calls := told(self._translator.tally)) else {}
        response = json_response(collect(events), headers=self._headers | made)
        await response({"type": "http"}, _nothing, send)

    async def _watch(self, receive: Receive, outbox: Outbox) -> None:
        """Wait until the client goes away."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if not (outbox.closed or self._sent):  # after the last byte a server says so, too
            self._gone = True
            if self._pump is not None and not self._pump.done():
                self._pump.cancel()

    async def _explain(
        self, error: OcpError, outbox: Outbox, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Say an error: as a status while the headers wait, else as an event."""
        if outbox.opened and not outbox.closed:
            await outbox.close(self._translator.fail(error))
        elif not (outbox.opened or self._sent):
            identifier: str = scope["state"]["request_id"]
            await error_response(error, identifier)(scope, receive, send)

    def _log(self, identifier: str) -> None:
        translator, plan, generation = self._translator, self._planned.plan, self._generation
        notes = [*plan.notes, *translator.notes]
        done = translator.done
        queued = generation.queued_seconds
        request_log(
            "POST /v1/messages",
            request=identifier,
            outcome=self._outcome(),
            model=plan.model,
            asked_for=self._planned.request.model,
            bytes=self._planned.size,
            stream=self._streamed,
            prompt_tokens=done.prompt_eval_count if done else None,
            cached_tokens=translator.spent.cached,
            prefix=self._broke(),
            answer_tokens=done.eval_count if done else translator.lines,
            calls=told(translator.tally) or None,
            queued_seconds=queued if queued > _LONG else None,
            first_line_seconds=generation.first_line_seconds,
            seconds=time.monotonic() - self._began,
            notes="; ".join(notes) or None,
        )

    def _broke(self) -> str | None:
        """Say why what was shown before has to be read again."""
        shared = self._planned.shared
        reloaded = self._translator.spent.loaded and shared.same
        return "model reloaded" if reloaded else shared.broke or None

    def _outcome(self) -> str:
        if self._gone:
            return "client left"
        failure = self._failure or self._translator.failure
        return "answered" if failure is None else f"{failure.status} {failure.message}"


def _prefix(planned: Planned) -> str:
    """Give how many tokens of the prompt were shown before, of how many, and what broke it."""
    tokens = planned.plan.prompt_tokens
    words = f"{int(tokens * planned.shared.part)}/{tokens}"
    return f"{words}; {planned.shared.broke}" if planned.shared.broke else words


async def _first(batches: AsyncIterator[list[Event]]) -> list[Event]:
    return await anext(batches)


async def _nothing() -> dict[str, str]:  # a response that is sent whole never receives
    return {"type": "http.disconnect"}
