"""The sending half of a streamed answer: what has arrived together leaves in one write.

The reader of the backend's stream puts events and never waits for the client, unless a thousand are
already waiting. The writer gets its turn when the reader has nothing more to read, and sends all
that came meanwhile. A third task puts a ping whenever nothing was sent for a while.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from starlette.types import Send

from ollama_claude_proxy.engine.background_tasks import cancel_and_wait
from ollama_claude_proxy.http.sse import encode_events
from ollama_claude_proxy.wire.events import Event, Ping

# For a slow client no whole answer is held in memory; a thousand tokens are some 100 kB.
_MAX_WAITING_EVENTS = 1000


class EventWriter:
    """Sends the events of one answer; `ping_interval` is in seconds.

    `comment` returns the text of a comment to send before a ping; empty for none.
    """

    def __init__(
        self, send: Send, ping_interval: float, comment: Callable[[], str] = lambda: ""
    ) -> None:
        self._send = send
        self._ping_interval = ping_interval
        self._comment = comment
        self._events: list[Event] = []
        self._ready = asyncio.Event()
        self._drained = asyncio.Event()
        self._last_sent = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        self.opened = False
        self.closed = False

    async def open(self, headers: Mapping[str, str]) -> None:
        """Send the status and the headers, and start writing."""
        raw = [
            (name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
        ]
        self.opened = True
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._ping())]

    async def put(self, events: Sequence[Event]) -> None:
        """Queue events; they are sent soon."""
        if events:
            self._events += events
            self._ready.set()
            if len(self._events) > _MAX_WAITING_EVENTS:
                self._drained.clear()
                await self._drained.wait()

    async def close(self, events: Sequence[Event] = ()) -> None:
        """Send what is left, and these last events, and end the response."""
        await self.cancel()
        self.closed = True
        await self._send_now([*self._events, *events], last=True)

    async def cancel(self) -> None:
        """Stop writing."""
        for task in self._tasks:
            await cancel_and_wait(task)

    async def _write(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            events, self._events = self._events, []
            self._drained.set()
            await self._send_now(events)

    async def _send_now(self, events: list[Event], *, last: bool = False) -> None:
        self._last_sent = time.monotonic()
        body = encode_events(events)
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def _send_comment(self, comment: str) -> None:
        """Send a comment, which clients ignore and people read."""
        if comment and not self._events:
            body = f": {comment}\n\n".encode()
            await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _ping(self) -> None:
        while True:
            idle_seconds = time.monotonic() - self._last_sent
            if idle_seconds >= self._ping_interval:
                await self._send_comment(self._comment())
                await self.put([Ping()])
                idle_seconds = 0.0
            await asyncio.sleep(self._ping_interval - idle_seconds)
