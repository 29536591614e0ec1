"""Background tasks, each with an owner that ends it."""

import asyncio
import logging
from collections.abc import Coroutine, Hashable
from typing import Any

logger = logging.getLogger(__name__)


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended; what it raised is ignored."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


class BackgroundTasks:
    """Tasks by key, at most one a key; `close` ends them all.

    A task that fails is logged, because nothing waits for its result.
    """

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self._closed = False

    def is_running(self, key: Hashable) -> bool:
        """Whether the task with a key has not ended yet."""
        return key in self._tasks

    def start(self, key: Hashable, work: Coroutine[Any, Any, None]) -> None:
        """Start a task, unless one with this key runs or the owner is closed."""
        if self._closed or key in self._tasks:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks[key] = task
        task.add_done_callback(lambda ended: self._remove(key, ended))

    async def cancel(self, key: Hashable) -> None:
        """End a task, if it runs, and wait until it has ended."""
        task = self._tasks.get(key)
        if task is not None:
            await cancel_and_wait(task)

    async def close(self) -> None:
        """End all tasks; no further one is started."""
        self._closed = True
        for task in list(self._tasks.values()):
            await cancel_and_wait(task)

    def _remove(self, key: Hashable, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)
