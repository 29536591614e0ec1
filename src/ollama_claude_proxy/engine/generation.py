"""One running answer: Ollama's stream in, Anthropic's events out, for whoever listens.

It runs in a task of its own, in the model's slot, and may take several requests. A client listens
to it from its beginning; a second one that asks the same while it runs (Claude Code sends a request
again after a time-out, or without streaming when a stream broke) joins it, and no second generation
waits behind the first. When nobody listens any more it ends at once.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ollama_claude_proxy.engine.cache_restore import flush
from ollama_claude_proxy.engine.context_window import spared
from ollama_claude_proxy.engine.planning import Planned
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.engine.tasks import cancel_and_wait
from ollama_claude_proxy.errors import (
    InternalError,
    OcpError,
    SchemaRefused,
    ToolCallUnreadable,
)
from ollama_claude_proxy.prompt_cache.prompts import Prompt, answered
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.translate.response.call_writer import add
from ollama_claude_proxy.translate.response.collect import collect
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.upstream.ollama.client import Chat
from ollama_claude_proxy.upstream.scheduler import Rank
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.events import Event, MessageStop, encode_json

logger = logging.getLogger(__name__)


class Generation:
    """Runs a planned request; `queued_seconds` and `first_line_seconds` tell how long what took."""

    def __init__(self, services: Services, planned: Planned, translator: StreamTranslator) -> None:
        self.translator = translator
        self.queued_seconds = 0.0
        self.first_line_seconds: float | None = None
        self._services = services
        self._plan = planned.plan
        self._asker = planned.asker
        self._shared = planned.shared
        self._remembered = planned.remembered
        self._next: Plan | None = None
        self._prompt: Prompt | None = None
        self._flushed = False
        self._began = time.monotonic()
        self._batches: list[list[Event]] = []
        self._changed = asyncio.Event()
        self._error: OcpError | None = None
        self._interrupted: OcpError | None = None
        self._listeners = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def remark(self) -> str:
        """What a client that waits should know."""
        place = self._services.scheduler.place(self._plan.model, self._asker.session)
        return f"number {place} in the queue for {self._plan.model}" if place else ""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._task is not None and self._task.done()

    @property
    def abandoned(self) -> bool:
        """Whether nobody listens any more."""
        return self._task is not None and self._listeners <= 0

    def join(self) -> None:
        """Listen; the first who does starts it."""
        self._listeners += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Listen no more; the last who leaves ends it."""
        self._listeners -= 1
        if self._listeners <= 0 and self._task is not None:
            await cancel_and_wait(self._task)

    def interrupt(self, error: OcpError) -> None:
        """End it with an error."""
        if self._task is not None and not self._task.done():
            self._interrupted = error
            self._task.cancel()

    async def events(self) -> AsyncGenerator[list[Event], None]:
        """Give the events from the beginning, first an empty list when Ollama has accepted.

        Raises what refused the request before that.
        """
        index = 0
        while True:
            while index < len(self._batches):
                yield self._batches[index]
                index += 1
            if self.over:
                break
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        try:
            async with aclosing(self._read()) as batches:
                async for events in batches:
                    if events and isinstance(events[-1], MessageStop):
                        self._keep(events)  # before the client can come back with it
                    self._put(events)
            self._services.spilling.look(self._plan.model, self._plan.window)
            self._services.side_jobs.look(self._plan.model)
            self._in_idle_time()
        except asyncio.CancelledError:
            if self._interrupted is None:
                raise
            self._broken(self._interrupted)
        except OcpError as error:
            self._broken(error)
        except Exception:
            logger.exception("an answer failed")
            self._broken(InternalError("in the log"))
        finally:
            add(self._services.tally, self.translator.tally)
            asyncio.get_running_loop().call_soon(self._changed.set)

    def _put(self, events: list[Event]) -> None:
        self._batches.append(events)
        self._changed.set()

    def _broken(self, error: OcpError) -> None:
        """Say an error: in the stream, once that has begun."""
        if self._batches:
            self._put(self.translator.fail(error))
        else:
            self._error = error

    async def _read(self) -> AsyncGenerator[list[Event], None]:
        """Give the events of the answer, which may take several requests, in the model's slot."""
        plan: Plan | None = self._plan
        services, asker, model = self._services, self._asker, self._plan.model
        await services.warmth.give_way(model)
        await services.summarising.give_way(model)
        async with services.scheduler.slot(model, asker.rank, asker.session):
            self.queued_seconds = time.monotonic() - self._began
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
        """Give the events of one request.

        All but the first may fail: then the answer ends with what there is.
        """
        self._next = None
        try:
            async with self._services.ollama.chat(_chat(plan)) as batches:
                yield []
                self._note_first_line()
                async for lines in batches:
                    yield [event for line in lines for event in self.translator.feed(line)]
                    if self.translator.over:
                        break
        except ToolCallUnreadable as error:
            if not self.translator.unreadable(error):
                raise
        except SchemaRefused:
            self._next = self.translator.without_grammar(plan)
            if self._next is None:
                raise
            if plan is self._plan:
                self._plan = self._next
            return
        except OcpError:
            if plan is self._plan:
                raise
            yield self.translator.give_up()
            return
        yield self._finished()
        self._next = self.translator.again

    def _finished(self) -> list[Event]:
        events = self.translator.finish()
        if self.translator.failure is not None and not self.translator.lines:
            raise self.translator.failure  # nothing was said yet: it may still be a status
        return events

    def _note_first_line(self) -> None:
        if self.first_line_seconds is None:
            self.first_line_seconds = time.monotonic() - self._began

    def _keep(self, last: list[Event]) -> None:
        """Remember a whole answer, of which these are the `last` events."""
        turn, spent, services = self.translator.turn, self.translator.spent, self._services
        self._keep_said(last)
        if turn is not None:
            services.turns.remember(turn.identifiers, turn.text, turn.raw)
        services.last_prompt = {
            "model": self._plan.model,
            "tokens": spent.prompt or self._plan.prompt_tokens,
            "cached": spent.cached,
            "broke": self._shared.broke or None,
        }
        done = self.translator.done
        if done is None or self._prompt is None or not spent.prompt:
            return
        model, raw = self._plan.model, turn.raw if turn is not None else None
        if spent.loaded:
            services.prompts.forget(model, but=self._prompt)
        answered(self._prompt, raw, spent.prompt, done.eval_count)
        services.counts.learn(model, self._plan.body, spent.prompt)
        services.flushing.learn(model, done, self._shared, flushed=self._flushed)

    def _keep_said(self, last: list[Event]) -> None:
        """Keep the conversation with its answer; no answer fails because that does."""
        conversation = self._remembered.conversation
        if conversation is None:
            return
        with spared("the answer could not be kept"):
            self._services.memory.keep(conversation, self._message(last))
        if self._remembered.fitted is not None:
            self._services.meaning.start(conversation)

    def _in_idle_time(self) -> None:
        """Have done what is of use later, if nobody wants the model.

        What left a conversation is summed up. Where a small job had the model loaded, the head of
        the conversation is read: behind a turn it would only take that one's place in the cache.
        """
        conversation = self._remembered.conversation
        if conversation is not None and self._remembered.fitted is not None:
            self._services.summarising.start(conversation, self._plan)
        if self.translator.spent.loaded and self._asker.rank is Rank.AUXILIARY:
            window = self._plan.body.get("options", {}).get("num_ctx")
            keep_alive = self._services.settings.keep_alive
            self._services.warmth.start(self._plan.model, window=window, keep_alive=keep_alive)

    def _message(self, last: list[Event]) -> Message:
        """Give the answer as the client will send it back."""
        batches = (self.translator.start(), *self._batches, last)
        whole = collect([event for batch in batches for event in batch])
        return Message("assistant", whole["content"])


class Generations:
    """Those that a client may join, by what it asked."""

    def __init__(self) -> None:
        self._running: dict[str, Generation] = {}

    def find(self, identity: str) -> Generation | None:
        """Give one that runs and was asked for the same; none for an empty identity."""
        found = self._running.get(identity)
        return None if found is None or found.over or found.abandoned else found

    def keep(self, identity: str, generation: Generation) -> None:
        """Let others join it while it runs."""
        self._running = {key: one for key, one in self._running.items() if not one.over}
        if identity:
            self._running[identity] = generation


def _chat(plan: Plan) -> Chat:
    return Chat(encode_json(plan.body), plan.model, plan.prompt_tokens, plan.window)
