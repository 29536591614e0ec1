"""The load client: a process that sends prepared requests over bare sockets and times them.

It reads one job per line of stdin, as JSON, and writes its result as a line of JSON. In each round
of a job every target gets the same work, and each round begins with another target, so that other
load on the machine affects all of them alike.

Nothing is parsed while the clock runs: bytes are kept, and their text is compared with the expected
one when all streams have ended. A wrong or unfinished answer ends the job.
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

# Replaced in each body by the number of the request, in as many bytes.
MARKER = b"@TURN-00000000@"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_CHECKED_ANSWERS = 4  # answers per portion whose text is compared; the end of all is checked
_TIMEOUT = 60.0  # seconds for one portion


@dataclass
class Target:
    """Where requests go, the file of their body, and the text of the first delta."""

    name: str
    port: int
    path: str
    body: str
    first_delta: str
    process: int


@dataclass
class Samples:
    """The measurements of one target; times in seconds, `cpu` of its process."""

    first_byte: list[float] = field(default_factory=list)
    first_delta: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Exchange(asyncio.Protocol):
    """One connection; `send` sends a request and waits for the end of its answer."""

    def __init__(self, first_delta: bytes) -> None:
        self._first_delta_mark = first_delta
        self._reset()

    def _reset(self) -> None:
        self.received: list[bytes] = []
        self._tail = b""
        self.first_byte = 0.0
        self.first_delta = 0.0
        self.total = 0.0
        self._ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def send(self, request: bytes) -> None:
        """Send a request; the times are set when this returns."""
        self._reset()
        self._started = time.perf_counter()
        self.transport.write(request)
        await self._ended

    def data_received(self, data: bytes) -> None:
        """Record the times of the first byte, the first delta and the end."""
        now = time.perf_counter() - self._started
        self.received.append(data)
        if not self.first_byte:
            self.first_byte = now
            if b" 200 " not in data[:16]:
                self.transport.close()
        if not self.first_delta and self._first_delta_mark in (
            self._tail + data if self._tail else data
        ):
            self.first_delta = now
        self._tail = data[-64:] if len(data) >= 64 else (self._tail + data)[-64:]
        if self._tail.endswith(_LAST_CHUNK):
            self.total = now
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the running request."""
        if not self._ended.done():
            head = b"".join(self.received)[:600].decode("utf-8", "replace")
            self._ended.set_exception(ConnectionError(f"closed ({exc}) after {head!r}"))


def request_bytes(target: Target, body: bytes) -> bytes:
    """Return a whole HTTP request."""
    head = (
        f"POST {target.path} HTTP/1.1\r\nhost: 127.0.0.1:{target.port}\r\n"
        "accept: application/json\r\ncontent-type: application/json\r\n"
        f"anthropic-version: 2023-06-01\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer_text(received: list[bytes]) -> str:
    """Return the text of an answer of either protocol; raise ConnectionError if it was refused."""
    head, _, rest = b"".join(received).partition(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise ConnectionError(f"refused: {(head + rest)[:600].decode('utf-8', 'replace')}")
    pieces = []
    for line in _decode_chunks(rest).split(b"\n"):
        if line.startswith(b"data: ") and b"text_delta" in line:
            pieces.append(json.loads(line[6:])["delta"]["text"])
        elif line.startswith(b'{"model"'):
            pieces.append(json.loads(line)["message"]["content"])
    return "".join(pieces)


def _decode_chunks(data: bytes) -> bytes:
    chunks = []
    position = 0
    while size := int(data[position : (start := data.index(b"\r\n", position) + 2) - 2], 16):
        chunks.append(data[start : start + size])
        position = start + size + 2
    return b"".join(chunks)


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds of a process: all threads, user and system."""
    clock = ((~process) << 3) | 2  # what clock_getcpuclockid(3) makes of a process id
    return time.clock_gettime(clock)


class Job:
    """A job, as read from one line of stdin."""

    def __init__(self, targets: list[Target], options: dict[str, Any]) -> None:
        self._targets = targets
        self._rounds: int = options["rounds"]
        self._repeat: int = options["repeat"]
        self._streams: int = options["streams"]
        self._text = "".join(words(options["deltas"]))
        self._bodies = {target.name: Path(target.body).read_bytes() for target in targets}
        self._turn = 0
        self.samples = {target.name: Samples() for target in targets}

    async def run(self) -> None:
        """Run all rounds, after one request on each connection that is not measured."""
        exchanges = {target.name: await self._connect(target) for target in self._targets}
        for target in self._targets:
            await asyncio.wait_for(self._send_all(target, exchanges[target.name]), _TIMEOUT)
        for number in range(self._rounds):
            shift = number % len(self._targets)
            for target in self._targets[shift:] + self._targets[:shift]:
                portion = self._run_portion(target, exchanges[target.name])
                await asyncio.wait_for(portion, _TIMEOUT)
        for exchange in itertools.chain(*exchanges.values()):
            exchange.transport.close()

    async def _connect(self, target: Target) -> list[Exchange]:
        loop = asyncio.get_running_loop()
        mark = target.first_delta.encode()
        return [
            (await loop.create_connection(lambda: Exchange(mark), "127.0.0.1", target.port))[1]
            for _ in range(self._streams)
        ]

    async def _run_portion(self, target: Target, exchanges: list[Exchange]) -> None:
        samples = self.samples[target.name]
        wall = 0.0
        cpu = cpu_seconds(target.process)
        for _ in range(self._repeat):
            wall += await self._send_all(target, exchanges)
            self._record(samples, exchanges)
        samples.wall.append(wall)
        samples.cpu.append(cpu_seconds(target.process) - cpu)

    async def _send_all(self, target: Target, exchanges: list[Exchange]) -> float:
        """Send a request on each connection; return the seconds until all were answered."""
        requests = [self._request(target) for _ in exchanges]
        started = time.perf_counter()
        await asyncio.gather(*map(Exchange.send, exchanges, requests))
        return time.perf_counter() - started

    def _request(self, target: Target) -> bytes:
        self._turn += 1
        body = self._bodies[target.name]
        return request_bytes(target, body.replace(MARKER, b"@TURN-%08d@" % self._turn))

    def _record(self, samples: Samples, exchanges: list[Exchange]) -> None:
        for exchange in exchanges[:_CHECKED_ANSWERS]:
            if (text := answer_text(exchange.received)) != self._text:
                raise ValueError(f"wrong text: {text[:300]!r} instead of {self._text[:300]!r}")
        for exchange in exchanges:
            samples.first_byte.append(exchange.first_byte)
            samples.first_delta.append(exchange.first_delta)
            samples.total.append(exchange.total)


def main() -> None:
    """Run jobs until stdin ends."""
    gc.disable()
    for line in sys.stdin:
        options = json.loads(line)
        job = Job([Target(**target) for target in options["targets"]], options)
        try:
            asyncio.run(job.run())
            result: dict[str, Any] = {
                name: asdict(samples) for name, samples in job.samples.items()
            }
        except (OSError, ValueError) as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
