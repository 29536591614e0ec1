"""One running answer: the model's stream in, Anthropic's events out, for every client that listens.

It runs in a task of its own. A client listens to it from its beginning; a second one that asks the
same while it runs (Claude Code sends a request again after a time-out, or without streaming when a
stream broke) joins it, so that no second generation waits behind the first. It ends at once when
the last client has left.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from ollama_claude_proxy.engine.answer_memory import AnswerMemory
from ollama_claude_proxy.engine.answer_run import AnswerRun
from ollama_claude_proxy.engine.background_tasks import cancel_and_wait
from ollama_claude_proxy.engine.idle.idle_work import AnsweredTurn, IdleWork
from ollama_claude_proxy.engine.turn_record import TurnRecord, TurnTotals
from ollama_claude_proxy.errors import InternalError, OcpError
from ollama_claude_proxy.wire.events import Event, MessageStop

logger = logging.getLogger(__name__)


class Generation:
    """Runs a planned request, and passes its events to all clients that listen."""

    def __init__(
        self, run: AnswerRun, memory: AnswerMemory, idle: IdleWork, totals: TurnTotals
    ) -> None:
        self.translator = run.translator
        self._answer_run = run
        self._memory = memory
        self._idle = idle
        self._totals = totals
        self._batches: list[list[Event]] = []
        self._changed = asyncio.Event()
        self._error: OcpError | None = None
        self._interruption: OcpError | None = None
        self.listeners = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def queue_comment(self) -> str:
        """The place in the queue, as a comment for the client; empty if it does not wait."""
        position = self._answer_run.queue_position
        return (
            f"number {position} in the queue for {self._answer_run.plan.model}" if position else ""
        )

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, well or not."""
        return self._task is not None and self._task.done()

    @property
    def is_abandoned(self) -> bool:
        """Whether no client listens any more."""
        return self._task is not None and self.listeners <= 0

    def join(self) -> None:
        """Listen; the first listener starts it."""
        self.listeners += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        """Stop listening; the last listener ends it."""
        self.listeners -= 1
        if self.listeners <= 0 and self._task is not None:
            await cancel_and_wait(self._task)

    def interrupt(self, error: OcpError) -> None:
        """End it with an error."""
        if self._task is not None and not self._task.done():
            self._interruption = error
            self._task.cancel()

    async def events(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events from the beginning; first an empty list, when the backend has accepted.

        Raises the error that refused the request before that.
        """
        index = 0
        while True:
            while index < len(self._batches):
                yield self._batches[index]
                index += 1
            if self.has_ended:
                break
            self._changed.clear()
            await self._changed.wait()
        if self._error is not None:
            raise self._error

    def fill_record(self, record: TurnRecord) -> None:
        """Add what is known of this answer to its record."""
        record.add_answer(self.translator, self._answer_run.times)

    async def _run(self) -> None:
        try:
            await self._read_answer()
            self._idle.start_after_turn(self._answered_turn())
        except asyncio.CancelledError:
            if self._interruption is None:
                raise
            self._fail(self._interruption)
        except OcpError as error:
            self._fail(error)
        except Exception:
            logger.exception("an answer failed")
            self._fail(InternalError("in the log"))
        finally:
            self._totals.calls.add(self.translator.call_stats)
            asyncio.get_running_loop().call_soon(self._changed.set)

    async def _read_answer(self) -> None:
        async with aclosing(self._answer_run.events()) as batches:
            async for events in batches:
                if events and isinstance(events[-1], MessageStop):
                    await self._remember(events)  # before the client can come back with it
                self._publish(events)

    async def _remember(self, last: list[Event]) -> None:
        """Remember a whole answer, of which these are the `last` events."""
        await self._memory.keep(self._answer_run, self._all_events(last))
        usage, plan = self.translator.usage, self._answer_run.plan
        planned, tokens = self._answer_run.planned, usage.prompt_tokens or plan.prompt_tokens
        self._totals.last_prompt = planned.record.prompt_summary(tokens, usage.cached_tokens)
        if planned.begins_session:
            # the least of them: a summary or a paste in a first request is not always there
            least = self._totals.first_prompt_tokens
            self._totals.first_prompt_tokens = min(tokens, least or tokens)

    def _all_events(self, last: list[Event]) -> Iterator[Event]:
        for batch in (*self._batches, last):
            yield from batch

    def _answered_turn(self) -> AnsweredTurn:
        planned = self._answer_run.planned
        return AnsweredTurn(
            planned.caller,
            self._answer_run.plan,
            planned.conversation,
            was_fitted=planned.record.fit is not None,
            was_loaded=self.translator.usage.was_loaded,
        )

    def _publish(self, events: list[Event]) -> None:
        self._batches.append(events)
        self._changed.set()

    def _fail(self, error: OcpError) -> None:
        """Report an error: in the stream, once that has begun."""
        if self._batches:
            self._publish(self.translator.fail(error))
        else:
            self._error = error
