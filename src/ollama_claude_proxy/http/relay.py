"""One running answer: Ollama's stream in, Anthropic's events out, and silence kept short.

The headers wait until Ollama has accepted the request, so that a refusal is still an HTTP status,
but at most `header_grace` seconds. Then `message_start`, and from there a `ping` whenever nothing
else was sent for `ping_interval` seconds: Claude Code gives up after 300 seconds without a byte.
A client that goes away ends the generation at once, for it holds the only slot. An answer that is
not streamed takes the same way and is collected at the end.

The pump reads Ollama's stream and can be interrupted: by the watcher, which waits for the client to
leave, and by `stop()`. Whatever ends it, the rest is said in one place, and the log has one line.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from ollama_claude_proxy.errors import (
    InternalError,
    OcpError,
    SchemaRefused,
    ShuttingDown,
    ToolCallUnreadable,
)
from ollama_claude_proxy.http import sse
from ollama_claude_proxy.http.flushing import flush
from ollama_claude_proxy.http.outbox import Outbox, end
from ollama_claude_proxy.http.planning import Planned
from ollama_claude_proxy.http.responses import error_response, json_response
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.logs import request_log
from ollama_claude_proxy.sessions.prompts import Prompt, answered
from ollama_claude_proxy.translate.plan import Plan
from ollama_claude_proxy.translate.response.calls import add, told
from ollama_claude_proxy.translate.response.collect import collect
from ollama_claude_proxy.translate.response.stream import StreamTranslator
from ollama_claude_proxy.upstream.client import Chat
from ollama_claude_proxy.upstream.scheduler import Rank
from ollama_claude_proxy.wire.events import Event, encode_json

logger = logging.getLogger(__name__)

# Seconds in the queue that are worth a word.
_LONG = 0.05


class Relay:
    """An ASGI response that runs a planned request."""

    def __init__(self, services: Services, planned: Planned, translator: StreamTranslator) -> None:
        self._services = services
        self._settings = services.settings
        self._translator = translator
        self._plan = planned.plan
        self._asker = planned.asker
        self._shared = planned.shared
        self._prompt: Prompt | None = None
        self._flushed = False
        self._queued = 0.0
        self._next: Plan | None = None
        self._streamed = bool(planned.request.stream)
        self._headers = {
            "x-ocp-model": planned.plan.model,
            "x-ocp-tools": planned.plan.shown,
            "x-ocp-prefix": _prefix(planned),
        }
        self._facts = {
            "model": planned.plan.model,
            "asked_for": planned.request.model,
            "bytes": planned.size,
        }
        self._notes = planned.plan.notes
        self._pump: asyncio.Task[None] | None = None
        self._failure: OcpError | None = None
        self._gone = False
        self._sent = False
        self._began = time.monotonic()
        self._first_line_seconds: float | None = None

    def stop(self) -> None:
        """End with an error event, because the proxy is being stopped."""
        self._interrupt(ShuttingDown())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        identifier: str = scope["state"]["request_id"]
        outbox = Outbox(send, self._settings.ping_interval)
        self._services.running.add(self)
        watcher = asyncio.create_task(self._watch(receive, outbox))
        self._pump = asyncio.create_task(self._run(outbox, send))
        try:
            self._failure = await self._ended(self._pump, identifier)
            if self._failure is not None:
                await self._explain(self._failure, outbox, scope, receive, send)
        finally:
            self._services.running.discard(self)
            await end(watcher)
            await end(self._pump)
            await outbox.abandon()
            self._log(identifier)

    async def _ended(self, pump: asyncio.Task[None], identifier: str) -> OcpError | None:
        """Wait for the pump; give what the client must be told."""
        try:
            await pump
        except asyncio.CancelledError:
            if not self._gone and self._failure is None:
                raise
            return None if self._gone else self._failure
        except OcpError as error:
            return error
        except Exception:
            logger.exception("request %s failed", identifier)
            return InternalError(identifier)
        return None

    async def _run(self, outbox: Outbox, send: Send) -> None:
        async with aclosing(self._read()) as batches:
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
            await end(accepted)
        self._keep()
        await outbox.close()

    async def _collect(self, batches: AsyncIterator[list[Event]], send: Send) -> None:
        events = self._translator.start()
        async for some in batches:
            events += some
        if self._translator.failure is not None:
            raise self._translator.failure
        self._keep()
        self._sent = True
        made = {"x-ocp-calls": calls} if (calls := told(self._translator.tally)) else {}
        response = json_response(collect(events), headers=self._headers | made)
        await response({"type": "http"}, _nothing, send)

    async def _read(self) -> AsyncGenerator[list[Event], None]:
        """Give the events of the answer, which may take several requests, in the model's slot."""
        plan: Plan | None = self._plan
        services, asker, model = self._services, self._asker, self._plan.model
        await services.warmth.give_way(model)
        async with services.scheduler.slot(model, asker.rank, asker.session):
            self._queued = time.monotonic() - self._began
            await self._prepare()
            while plan is not None:
                async with aclosing(self._request(plan)) as batches:
                    async for events in batches:
                        yield events
                plan = self._next

    async def _prepare(self) -> None:
        """Take note of the prompt, and have a conversation that lies saved fetched back."""
        services, plan = self._services, self._plan
        conversation = self._asker.conversation
        self._flushed = services.flushing.helps(plan.model, conversation, self._shared)
        if self._flushed:
            await flush(services.ollama, plan)
        self._prompt = services.prompts.keep(plan.model, conversation, plan.body)
        if self._asker.rank is Rank.MAIN:
            services.warmth.remember(plan.model, plan.body)

    async def _request(self, plan: Plan) -> AsyncGenerator[list[Event], None]:
        """Give the events of one request, first an empty list when Ollama has accepted it.

        All but the first may fail: then the answer ends with what there is.
        """
        self._next = None
        try:
            async with self._services.ollama.chat(_chat(plan)) as batches:
                yield []
                self._note_first_line()
                async for lines in batches:
                    yield [event for line in lines for event in self._translator.feed(line)]
                    if self._translator.over:
                        break
        except ToolCallUnreadable as error:
            if not self._translator.unreadable(error):
                raise
        except SchemaRefused:
            self._next = self._translator.without_grammar(plan)
            if self._next is None:
                raise
            if plan is self._plan:
                self._plan = self._next
            return
        except OcpError:
            if plan is self._plan:
                raise
            yield self._translator.give_up()
            return
        yield self._finished()
        self._next = self._translator.again

    def _finished(self) -> list[Event]:
        events = self._translator.finish()
        if self._translator.failure is not None and not self._translator.lines:
            raise self._translator.failure  # nothing was said yet: it may still be a status
        return events

    def _note_first_line(self) -> None:
        if self._first_line_seconds is None:
            self._first_line_seconds = time.monotonic() - self._began

    def _keep(self) -> None:
        """Remember what the model wrote, before the client can come back with it."""
        turn, spent, services = self._translator.turn, self._translator.spent, self._services
        if turn is not None:
            services.turns.remember(turn.identifiers, turn.text, turn.raw)
        done = self._translator.done
        if done is None or self._prompt is None or not spent.prompt:
            return
        model, raw = self._plan.model, turn.raw if turn is not None else None
        answered(self._prompt, raw, spent.prompt, done.eval_count)
        services.counts.learn(model, self._plan.body, spent.prompt)
        services.flushing.learn(model, done, self._shared, flushed=self._flushed)

    async def _watch(self, receive: Receive, outbox: Outbox) -> None:
        """Wait until the client goes away."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if not (outbox.closed or self._sent):  # after the last byte a server says so, too
            self._gone = True
            self._interrupt(None)

    def _interrupt(self, failure: OcpError | None) -> None:
        if self._pump is not None and not self._pump.done():
            self._failure = self._failure or failure
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
        translator = self._translator
        add(self._services.tally, translator.tally)
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
            calls=told(translator.tally) or None,
            cached_tokens=translator.spent.cached,
            prefix=self._shared.broke or None,
            queued_seconds=self._queued if self._queued > _LONG else None,
            first_line_seconds=self._first_line_seconds,
            seconds=time.monotonic() - self._began,
            notes="; ".join(notes) or None,
        )

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


def _chat(plan: Plan) -> Chat:
    return Chat(encode_json(plan.body), plan.model, plan.prompt_tokens, plan.window)


async def _nothing() -> dict[str, str]:  # a response that is sent whole never receives
    return {"type": "http.disconnect"}
