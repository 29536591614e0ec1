"""Running a plan on its model: one answer, which may take several requests, in the model's slot."""

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing

from msgspec import Struct

from ollama_claude_proxy.engine.cache_restore import CacheRestore
from ollama_claude_proxy.engine.idle.idle_work import IdleWork
from ollama_claude_proxy.engine.planner import PlannedRequest
from ollama_claude_proxy.engine.turn_record import TurnTimes
from ollama_claude_proxy.errors import OcpError, PromptTooLong, SchemaRefused, ToolCallUnreadable
from ollama_claude_proxy.prompt_cache.prefix import SentPrompt, prompt_of
from ollama_claude_proxy.prompt_cache.prompt_history import PromptHistory
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.upstream.scheduler import Scheduler
from ollama_claude_proxy.upstream.upstream import ChunkStream, Upstream
from ollama_claude_proxy.wire.events import Event

# Each corrects what was learned of the model's tokens; the second count is mostly right.
_MAX_REFITS = 3


class AnswerServices(Struct, frozen=True):
    """What it takes to run a plan."""

    upstream: Upstream
    scheduler: Scheduler
    history: PromptHistory
    cache_restore: CacheRestore
    idle: IdleWork


class AnswerRun:
    """One answer to a `planned` request; `plan` is what was really sent, `times` how long it took.

    `sent_prompt` is the prompt as the history keeps it (None: it did not come to that),
    `was_restored` tells that a conversation was fetched back from the host's memory first.
    """

    def __init__(
        self, services: AnswerServices, planned: PlannedRequest, translator: StreamTranslator
    ) -> None:
        self.plan = planned.plan
        self.times = TurnTimes()
        self.sent_prompt: SentPrompt | None = None
        self.was_restored = False
        self.planned = planned
        self.translator = translator
        self._services = services
        self._next_plan: Plan | None = None
        self._refits = 0
        self._began = time.monotonic()

    @property
    def queue_position(self) -> int:
        """How many requests go first, and this one; 0 where it does not wait."""
        return self._services.scheduler.queue_position(self.plan.model, self.planned.caller.session)

    async def events(self) -> AsyncGenerator[list[Event], None]:
        """Return the events of the answer, first an empty list when the backend has accepted."""
        services, caller, model = self._services, self.planned.caller, self.plan.model
        await services.idle.stop_for_request(model)
        async with services.scheduler.slot(model, caller.priority, caller.session):
            self.times.queued = time.monotonic() - self._began
            await self._prepare()
            plan: Plan | None = self.plan
            while plan is not None:
                async with aclosing(self._request(plan)) as batches:
                    async for events in batches:
                        yield events
                plan = self._next_plan

    async def _prepare(self) -> None:
        """Have a conversation that was saved fetched back."""
        services, planned = self._services, self.planned
        conversation = planned.caller.conversation
        self.was_restored = await services.cache_restore.restore(
            self.plan, conversation, planned.match
        )

    def _note_prompt(self) -> None:
        """Remember a prompt that was accepted; one that was refused is in no cache."""
        services, caller, plan = self._services, self.planned.caller, self.plan
        prompt = prompt_of(plan.model_request)
        self.sent_prompt = services.history.add(plan.model, caller.conversation, prompt)
        services.idle.note_running_prompt(caller, plan)

    async def _request(self, plan: Plan) -> AsyncGenerator[list[Event], None]:
        """Return the events of one request.

        All but the first may fail: then the answer ends with what there is.
        """
        self._next_plan = None
        is_first = plan is self.plan
        try:
            async with self._open(plan) as batches:
                self._note_accepted(plan)
                yield []
                self._note_first_chunk()
                async for chunks in batches:
                    yield [event for chunk in chunks for event in self.translator.feed(chunk)]
                    if self.translator.is_over:
                        break
        except ToolCallUnreadable as error:
            if not self.translator.accept_parser_error(error):
                raise
        except SchemaRefused:
            self._next_plan = self.translator.without_schema(plan)
            if self._next_plan is None:
                raise
            if is_first:
                self.plan = self._next_plan
            return
        except PromptTooLong as error:
            if not (is_first and await self._refit(error)):
                raise
            return
        except OcpError:
            if is_first:
                raise
            yield self.translator.give_up()
            return
        yield self._finish()
        self._next_plan = self.translator.next_plan

    async def _refit(self, error: PromptTooLong) -> bool:
        """Plan a smaller prompt, because the backend counted more than was thought."""
        refit, self._refits = self.planned.refit, self._refits + 1
        if refit is None or self._refits > _MAX_REFITS:
            return False
        smaller = await refit(max(error.tokens, error.maximum + 1))
        if smaller is None:
            return False
        self.planned = smaller
        self.plan = self._next_plan = smaller.plan
        return True

    def _open(self, plan: Plan) -> AbstractAsyncContextManager[ChunkStream]:
        return self._services.upstream.chat(
            plan.model_request, prompt_tokens=plan.prompt_tokens, window=plan.window
        )

    def _note_accepted(self, plan: Plan) -> None:
        if plan is self.plan:
            self._note_prompt()

    def _note_first_chunk(self) -> None:
        if self.times.first_chunk is None:
            self.times.first_chunk = time.monotonic() - self._began

    def _finish(self) -> list[Event]:
        events = self.translator.finish()
        if self.translator.failure is not None and not self.translator.usage.chunks:
            raise self.translator.failure  # nothing was said yet: it may still be a status
        return events
