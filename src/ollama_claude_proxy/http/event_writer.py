"""The sending half of a streamed answer: what has arrived together leaves in one write.

Whoever reads from Ollama puts events and never waits for the client, unless a thousand are already
waiting. The writer gets its turn when the reader has nothing more to read, and sends all that came
meanwhile. The keeper puts a ping whenever nothing was sent for a while.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from starlette.types import Send

from ollama_claude_proxy.engine.tasks import cancel_and_wait
from ollama_claude_proxy.http.sse import encode
from ollama_claude_proxy.wire.events import Event, Ping

# A slow client must not make us hold a whole answer; a thousand tokens are some 100 kB.
_MOST_WAITING = 1000


class Outbox:
    """Sends the events of one answer; `ping_interval` is in seconds.

    `remark` gives what to say in a comment beside a ping, if anything.
    """

    def __init__(
        self, send: Send, ping_interval: float, remark: Callable[[], str] = lambda: ""
    ) -> None:
        self._send = send
        self._ping_interval = ping_interval
        self._remark = remark
        self._events: list[Event] = []
        self._ready = asyncio.Event()
        self._taken = asyncio.Event()
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
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._keep())]

    async def put(self, events: Sequence[Event]) -> None:
        """Have events sent soon."""
        if events:
            self._events += events
            self._ready.set()
            if len(self._events) > _MOST_WAITING:
                self._taken.clear()
                await self._taken.wait()

    async def close(self, events: Sequence[Event] = ()) -> None:
        """Send what is left, and these last events, and end the response."""
        await self.abandon()
        self.closed = True
        await self._send_now([*self._events, *events], last=True)

    async def abandon(self) -> None:
        """Stop writing."""
        for task in self._tasks:
            await cancel_and_wait(task)

    async def _write(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            events, self._events = self._events, []
            self._taken.set()
            await self._send_now(events)

    async def _send_now(self, events: list[Event], *, last: bool = False) -> None:
        self._last_sent = time.monotonic()
        body = encode(events)
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def _say(self, remark: str) -> None:
        """Send a comment, which clients pass over and people read."""
        if remark and not self._events:
            body = f": {remark}\n\n".encode()
            await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _keep(self) -> None:
        while True:
            silent = time.monotonic() - self._last_sent
            if silent >= self._ping_interval:
                await self._say(self._remark())
                await self.put([Ping()])
                silent = 0.0
            await asyncio.sleep(self._ping_interval - silent)
