"""The load client: a process that sends prepared requests over bare sockets and takes the time.

It reads one job, JSON on a line of stdin, at a time and writes its result as a line of JSON. A job
names targets; in each round every target gets the same work, beginning with another one each time,
so that whatever else the machine does meets all of them alike.

While the clock runs nothing is parsed: bytes are kept, and the text that they carry is compared
with what was to come when all streams have ended. A wrong or unfinished answer ends the job.
"""

import asyncio
import gc
import itertools
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from answer import words

# A marker of this many bytes in each body is another number in each request.
MARKER = b"@TURN-00000000@"
_END = b"\r\n0\r\n\r\n"
_CHECKED = 4  # answers of each portion whose text is read; all are checked to have ended
_PATIENCE = 60.0  # seconds for one portion


@dataclass
class Target:
    """Where requests go, what they carry, what the first delta looks like."""

    name: str
    port: int
    path: str
    body: str
    first_delta: str
    process: int


@dataclass
class Samples:
    """What was seen of one target; times in seconds, `cpu` those of its process."""

    first_byte: list[float] = field(default_factory=list)
    first_delta: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Exchange(asyncio.Protocol):
    """One connection; `ask` sends a request and waits for the end of its answer."""

    def __init__(self, first_delta: bytes) -> None:
        self._mark = first_delta
        self._reset()

    def _reset(self) -> None:
        self.received: list[bytes] = []
        self._tail = b""
        self.first_byte = 0.0
        self.first_delta = 0.0
        self.total = 0.0
        self._ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def ask(self, request: bytes) -> None:
        """Send a request; the times are set when this returns."""
        self._reset()
        self._began = time.perf_counter()
        self.transport.write(request)
        await self._ended

    def data_received(self, data: bytes) -> None:
        """Take the time of what is first and what is last."""
        now = time.perf_counter() - self._began
        self.received.append(data)
        if not self.first_byte:
            self.first_byte = now
            if b" 200 " not in data[:16]:
                self.transport.close()
        if not self.first_delta and self._mark in (self._tail + data if self._tail else data):
            self.first_delta = now
        self._tail = data[-64:] if len(data) >= 64 else (self._tail + data)[-64:]
        if self._tail.endswith(_END):
            self.total = now
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that was running."""
        if not self._ended.done():
            head = b"".join(self.received)[:600].decode("utf-8", "replace")
            self._ended.set_exception(ConnectionError(f"closed ({exc}) after {head!r}"))


def request_bytes(target: Target, body: bytes) -> bytes:
    """Give a whole request."""
    head = (
        f"POST {target.path} HTTP/1.1\r\nhost: 127.0.0.1:{target.port}\r\n"
        "accept: application/json\r\ncontent-type: application/json\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def text_of(received: list[bytes]) -> str:
    """Give the text that an answer carries, from either protocol; raises when it was refused."""
    head, _, rest = b"".join(received).partition(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise ConnectionError(f"refused: {(head + rest)[:600].decode('utf-8', 'replace')}")
    pieces = []
    for line in _unchunked(rest).split(b"\n"):
        if line.startswith(b"data: ") and b"text_delta" in line:
            pieces.append(json.loads(line[6:])["delta"]["text"])
        elif line.startswith(b'{"model"'):
            pieces.append(json.loads(line)["message"]["content"])
    return "".join(pieces)


def _unchunked(data: bytes) -> bytes:
    parts = []
    at = 0
    while size := int(data[at : (start := data.index(b"\r\n", at) + 2) - 2], 16):
        parts.append(data[start : start + size])
        at = start + size + 2
    return b"".join(parts)


def cpu_seconds(process: int) -> float:
    """Give the CPU time that a process has used, all threads, user and system."""
    clock = ((~process) << 3) | 2  # what clock_getcpuclockid(3) makes of a process id
    return time.clock_gettime(clock)


class Job:
    """The work of one line of stdin."""

    def __init__(self, targets: list[Target], spec: dict[str, Any]) -> None:
        self._targets = targets
        self._rounds: int = spec["rounds"]
        self._repeat: int = spec["repeat"]
        self._streams: int = spec["streams"]
        self._text = "".join(words(spec["deltas"]))
        self._bodies = {target.name: Path(target.body).read_bytes() for target in targets}
        self._turn = 0
        self.samples = {target.name: Samples() for target in targets}

    async def run(self) -> None:
        """Do all rounds, after one request on each connection that is not counted."""
        exchanges = {target.name: await self._connect(target) for target in self._targets}
        for target in self._targets:
            await asyncio.wait_for(self._at_once(target, exchanges[target.name]), _PATIENCE)
        for number in range(self._rounds):
            shift = number % len(self._targets)
            for target in self._targets[shift:] + self._targets[:shift]:
                portion = self._portion(target, exchanges[target.name])
                await asyncio.wait_for(portion, _PATIENCE)
        for exchange in itertools.chain(*exchanges.values()):
            exchange.transport.close()

    async def _connect(self, target: Target) -> list[Exchange]:
        loop = asyncio.get_running_loop()
        mark = target.first_delta.encode()
        return [
            (await loop.create_connection(lambda: Exchange(mark), "127.0.0.1", target.port))[1]
            for _ in range(self._streams)
        ]

    async def _portion(self, target: Target, exchanges: list[Exchange]) -> None:
        samples = self.samples[target.name]
        wall = 0.0
        cpu = cpu_seconds(target.process)
        for _ in range(self._repeat):
            wall += await self._at_once(target, exchanges)
            self._note(samples, exchanges)
        samples.wall.append(wall)
        samples.cpu.append(cpu_seconds(target.process) - cpu)

    async def _at_once(self, target: Target, exchanges: list[Exchange]) -> float:
        """Send a request on each connection; give the seconds until all were answered."""
        requests = [self._request(target) for _ in exchanges]
        began = time.perf_counter()
        await asyncio.gather(*map(Exchange.ask, exchanges, requests))
        return time.perf_counter() - began

    def _request(self, target: Target) -> bytes:
        self._turn += 1
        body = self._bodies[target.name]
        return request_bytes(target, body.replace(MARKER, b"@TURN-%08d@" % self._turn))

    def _note(self, samples: Samples, exchanges: list[Exchange]) -> None:
        for exchange in exchanges[:_CHECKED]:
            if (text := text_of(exchange.received)) != self._text:
                raise ValueError(f"another text came: {text[:300]!r}, not {self._text[:300]!r}")
        for exchange in exchanges:
            samples.first_byte.append(exchange.first_byte)
            samples.first_delta.append(exchange.first_delta)
            samples.total.append(exchange.total)


def main() -> None:
    """Do jobs until stdin ends."""
    gc.disable()
    for line in sys.stdin:
        spec = json.loads(line)
        job = Job([Target(**target) for target in spec["targets"]], spec)
        try:
            asyncio.run(job.run())
            result: dict[str, Any] = {name: asdict(seen) for name, seen in job.samples.items()}
        except (OSError, ValueError) as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
