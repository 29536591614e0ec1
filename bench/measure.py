"""What is measured over HTTP: first byte and first delta, CPU and speed, many clients, memory."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bodies import encode, messages_body, native_body
from figure import Figure, Values
from servers import LoadClient, Server, fetch

SIZES = (20_000, 110_000, 745_000)
_ALL = ("direct", "floor", "ocp")


@dataclass(frozen=True)
class Work:
    """The work of one target in one round: `repeat` times `streams` requests at once.

    `size` of a body is in bytes; `deltas`, `rate` and `batch` are the script of `fake.py`.
    """

    size: int
    tools: bool = False
    streams: int = 1
    repeat: int = 1
    deltas: int = 16
    rate: float = 0.0
    batch: int = 8


@dataclass
class Bench:
    """The servers, the load client and how long to measure."""

    servers: dict[str, Server]
    client: LoadClient
    folder: Path
    rounds: int
    quick: bool
    _bodies: dict[tuple[int, bool], tuple[Path, Path]] = field(default_factory=dict)

    def load(
        self, work: Work, rounds: int | None = None, names: Sequence[str] = _ALL
    ) -> dict[str, Any]:
        """Send the same work to all targets in turn, `rounds` times; return their samples."""
        fetch(self.servers["direct"].port, "POST", "/bench/script", asdict(work))
        targets = [self._target(name, work) for name in names]
        return self.client.run_job(
            {**asdict(work), "targets": targets, "rounds": rounds or self.rounds}
        )

    def _target(self, name: str, work: Work) -> dict[str, Any]:
        server = self.servers[name]
        native, anthropic = self._body_files(work.size, work.tools)
        direct = name == "direct"
        return {
            "name": name,
            "port": server.port,
            "process": server.process,
            "path": "/api/chat" if direct else "/v1/messages?beta=true",
            "body": str(native if direct else anthropic),
            "first_delta": '"content":"Here' if direct else "text_delta",
        }

    def _body_files(self, size: int, tools: bool) -> tuple[Path, Path]:
        if (size, tools) not in self._bodies:
            request = messages_body(size, tools=tools)
            native = self.folder / f"native-{size}-{tools}.json"
            anthropic = self.folder / f"anthropic-{size}-{tools}.json"
            native.write_bytes(encode(native_body(request)))
            anthropic.write_bytes(encode(request))
            self._bodies[size, tools] = (native, anthropic)
        return self._bodies[size, tools]


def medians(samples: dict[str, Any], key: str, scale: float) -> Values:
    """Return the median of the samples `key` of each target, times `scale`."""
    return {name: statistics.median(target[key]) * scale for name, target in samples.items()}


def first_token(bench: Bench) -> list[Figure]:
    """Measure the time to the first byte and the first delta, one request at a time."""
    marks = {(110_000, False): 2.5, (745_000, False): 7.0, (110_000, True): 4.0}
    figures = []
    for tools in (False, True):
        for size in SIZES:
            repeat = 3 if tools or bench.quick else 8
            work = Work(size, tools=tools, repeat=repeat)
            samples = bench.load(replace(work, deltas=6, rate=50.0) if tools else work)
            description = f"{size // 1000} kB" + (", 12 tools, 50 tokens/s" if tools else "")
            byte, delta = (medians(samples, key, 1e3) for key in ("first_byte", "first_delta"))
            mark = marks.get((size, tools))
            figures.append(Figure(f"first byte, {description}", "ms", byte, added=True))
            figures.append(
                Figure(f"first delta, {description}", "ms", delta, added=True, mark=mark)
            )
    return figures


def _streams(bench: Bench, streams: int, deltas: int, rate: float = 0.0) -> list[Figure]:
    rounds = max(2, bench.rounds // 4)
    samples = bench.load(Work(20_000, streams=streams, deltas=deltas, rate=rate), rounds)
    total = streams * deltas
    name = f"{streams} stream{'s' if streams > 1 else ''}"
    name += f" at {rate:g} tokens/s each" if rate else ""
    cpu = medians(samples, "cpu", 1e6 / total)
    speed = {name: total / value for name, value in medians(samples, "wall", 1).items()}
    # At a model's rate each delta wakes every process on its own, which costs more than any code.
    mark = None if rate else 15.0
    figures = [Figure(f"CPU per delta, {name}", "µs", cpu, mark=mark, digits=1)]
    if not rate:
        mark = 40_000 if streams == 64 else None
        figures.append(
            Figure(f"deltas/s, {name}", "1/s", speed, mark=mark, higher_is_better=True, digits=0)
        )
    return figures


def streaming(bench: Bench) -> list[Figure]:
    """Measure CPU per delta and deltas per second, at full speed and at a model's rate."""
    divisor = 2 if bench.quick else 1
    figures = []
    for streams, deltas in ((1, 6000), (8, 2000), (64, 1000)):
        figures += _streams(bench, streams, deltas // divisor)
    return figures + _streams(bench, 64, 100 // divisor, rate=50.0)


def herd(bench: Bench) -> list[Figure]:
    """Measure the time to the first delta of 64 simultaneous clients."""
    rounds = max(3, bench.rounds // 2)
    samples = bench.load(Work(110_000, streams=64), rounds)
    median = medians(samples, "first_delta", 1e3)
    percentile_99 = {
        name: statistics.quantiles(target["first_delta"], n=100)[98] * 1e3
        for name, target in samples.items()
    }
    return [
        Figure("first delta of 64 at once, 110 kB, p50", "ms", median, mark=150, digits=0),
        Figure("first delta of 64 at once, 110 kB, p99", "ms", percentile_99, mark=300, digits=0),
    ]


def memory(bench: Bench) -> list[Figure]:
    """Measure resident memory, before the first request and after 200 large turns."""
    turns = 40 if bench.quick else 200
    names = ("floor", "ocp")
    idle = {name: bench.servers[name].resident() for name in names}
    bench.load(Work(745_000, tools=True, repeat=turns, deltas=64), 1, names)
    after = {name: bench.servers[name].resident() for name in names}
    return [
        Figure("resident memory, idle", "MB", idle, mark=55, digits=1),
        Figure(f"resident memory, after {turns} turns of 745 kB", "MB", after, mark=75, digits=1),
    ]


WIRE: dict[str, Callable[[Bench], list[Figure]]] = {
    "memory": memory,  # first, before any other request
    "first-token": first_token,
    "streaming": streaming,
    "herd": herd,
}
