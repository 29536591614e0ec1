"""Which request runs next on a model: Ollama runs one at a time, and the others wait here.

Ollama's own queue is first come, first served, and a side request that runs between two turns of a
conversation takes its place in the cache. So requests wait here: main turns before subagents before
small jobs before idle work; among equals the session that was served longest ago, then the first.
A request that is cancelled leaves the queue.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from msgspec import Struct

# How many sessions the order of turns is remembered for.
_MAX_SERVED = 1000


class Priority(IntEnum):
    """Which requests run first."""

    MAIN = 0
    SUBAGENT = 1
    AUXILIARY = 2
    IDLE = 3


class _WaitingRequest(Struct, eq=False):
    priority: Priority
    session: str
    order: int
    granted: asyncio.Event


class Scheduler:
    """Grants the slots of each model, `slots` at a time."""

    def __init__(self, slots: int = 1) -> None:
        self._slots = slots
        self._running: defaultdict[str, int] = defaultdict(int)
        self._waiting: defaultdict[str, list[_WaitingRequest]] = defaultdict(list)
        self._served: dict[str, int] = {}
        self._order = itertools.count()

    def is_busy(self, model: str) -> bool:
        """Whether a request runs on a model or waits for it."""
        return self.requests(model) > 0

    @property
    def is_idle(self) -> bool:
        """Whether no request runs on any model or waits for one."""
        return not any(self._running.values()) and not any(self._waiting.values())

    def requests(self, model: str) -> int:
        """Return how many requests run on a model or wait for it."""
        return self._running[model] + len(self._waiting[model])

    def queue_position(self, model: str, session: str) -> int:
        """Return a session's place in the queue, from 1; 0 if it does not wait."""
        waiting = sorted(self._waiting[model], key=self._order_key)
        for position, request in enumerate(waiting, 1):
            if request.session == session:
                return position
        return 0

    @asynccontextmanager
    async def slot(self, model: str, priority: Priority, session: str) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        await self._enter(model, priority, session)
        try:
            yield
        finally:
            self._running[model] -= 1
            self._next(model)

    async def _enter(self, model: str, priority: Priority, session: str) -> None:
        waiting = self._waiting[model]
        if self._running[model] < self._slots and not waiting:
            self._take(model, session)
            return
        request = _WaitingRequest(priority, session, next(self._order), asyncio.Event())
        waiting.append(request)
        try:
            await request.granted.wait()
        except asyncio.CancelledError:
            if request in waiting:
                waiting.remove(request)
            else:  # the slot was granted at the same moment
                self._running[model] -= 1
                self._next(model)
            raise

    def _next(self, model: str) -> None:
        waiting = self._waiting[model]
        while waiting and self._running[model] < self._slots:
            chosen = min(waiting, key=self._order_key)
            waiting.remove(chosen)
            self._take(model, chosen.session)
            chosen.granted.set()

    def _take(self, model: str, session: str) -> None:
        self._running[model] += 1
        self._served.pop(session, None)
        self._served[session] = next(self._order)
        while len(self._served) > _MAX_SERVED:
            del self._served[next(iter(self._served))]

    def _order_key(self, waiting: _WaitingRequest) -> tuple[int, int, int]:
        return waiting.priority, self._served.get(waiting.session, -1), waiting.order
