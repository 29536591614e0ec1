"""Who runs next on a model: Ollama runs one request a model at a time, and whoever is next waits.

Ollama's own queue is first come, first served, and a side request that gets between two turns of a
conversation takes its place in the cache. So requests wait here: main turns before subagents before
small jobs before warming up; among equals the session that was served longest ago, then the first.
Whoever gives up leaves the queue.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from msgspec import Struct


class Rank(IntEnum):
    """Who goes first."""

    MAIN = 0
    SUBAGENT = 1
    AUXILIARY = 2
    WARMING = 3


class _Waiting(Struct, eq=False):
    rank: Rank
    session: str
    order: int
    go: asyncio.Event


class Scheduler:
    """Gives out the slots of each model, `slots` at a time."""

    def __init__(self, slots: int = 1) -> None:
        self._slots = slots
        self._running: defaultdict[str, int] = defaultdict(int)
        self._waiting: defaultdict[str, list[_Waiting]] = defaultdict(list)
        self._served: dict[str, int] = {}
        self._order = itertools.count()

    def busy(self, model: str) -> bool:
        """Whether anyone runs on a model or waits for it."""
        return bool(self._running[model] or self._waiting[model])

    @property
    def idle(self) -> bool:
        """Whether nobody runs on any model or waits for one."""
        return not any(self._running.values()) and not any(self._waiting.values())

    def ahead(self, model: str) -> int:
        """How many run on a model or wait for it."""
        return self._running[model] + len(self._waiting[model])

    def place(self, model: str, session: str) -> int:
        """Give how many go before a session that waits; 0 where it does not wait."""
        waiting = sorted(self._waiting[model], key=self._standing)
        for place, one in enumerate(waiting, 1):
            if one.session == session:
                return place
        return 0

    @asynccontextmanager
    async def slot(self, model: str, rank: Rank, session: str) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        await self._enter(model, rank, session)
        try:
            yield
        finally:
            self._running[model] -= 1
            self._next(model)

    async def _enter(self, model: str, rank: Rank, session: str) -> None:
        waiting = self._waiting[model]
        if self._running[model] < self._slots and not waiting:
            self._take(model, session)
            return
        mine = _Waiting(rank, session, next(self._order), asyncio.Event())
        waiting.append(mine)
        try:
            await mine.go.wait()
        except asyncio.CancelledError:
            if mine in waiting:
                waiting.remove(mine)
            else:  # the slot was given at the same moment
                self._running[model] -= 1
                self._next(model)
            raise

    def _next(self, model: str) -> None:
        waiting = self._waiting[model]
        while waiting and self._running[model] < self._slots:
            chosen = min(waiting, key=self._standing)
            waiting.remove(chosen)
            self._take(model, chosen.session)
            chosen.go.set()

    def _take(self, model: str, session: str) -> None:
        self._running[model] += 1
        self._served.pop(session, None)
        self._served[session] = next(self._order)
        while len(self._served) > 1000:
            del self._served[next(iter(self._served))]

    def _standing(self, one: _Waiting) -> tuple[int, int, int]:
        return one.rank, self._served.get(one.session, -1), one.order
