"""Downloading a model through Ollama, with what a person wants to see of it."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.units import bytes_text, seconds_text
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.wire.ollama import PullProgress

_EVERY = 5.0  # seconds between two lines where no bar can be drawn

# Shows how far it is: bytes so far, bytes in all (0: not known yet), and Ollama's own words.
_Show = Callable[[int, int, str], None]


def pull(settings: Settings, model: str) -> None:
    """Download `model` into Ollama and show how far it is on stderr.

    Raises what Ollama's client raises, and OcpError when the download ends too early. Ctrl-C ends
    it; Ollama keeps what it has and goes on from there the next time.
    """
    with (_bar if sys.stderr.isatty() else _lines)(model) as show:
        asyncio.run(_pull(settings, model, show))
    output.check(output.Mark.GOOD, f"{model} is downloaded")


async def _pull(settings: Settings, model: str, show: _Show) -> None:
    from ollama_claude_proxy.upstream.ollama.client import Ollama  # noqa: PLC0415  # 0.1 s

    ollama = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    layers = _Layers()
    status = ""
    try:
        async for progress in ollama.pull(model):
            status = progress.status
            layers.add(progress)
            show(layers.done, layers.total, status)
    finally:
        await ollama.close()
    if status != "success":
        raise OcpError(
            f"The download of {model!r} ended before it was complete.",
            remedy=f"Go on with it: `ollama pull {model}`.",
        )


class _Layers:
    """Adds up the layers of a model: Ollama counts each for itself, the largest mostly first."""

    def __init__(self) -> None:
        self._bytes: dict[str, tuple[int, int]] = {}

    def add(self, progress: "PullProgress") -> None:
        if progress.digest and progress.total:
            self._bytes[progress.digest] = (progress.completed, progress.total)

    @property
    def done(self) -> int:
        return sum(done for done, _ in self._bytes.values())

    @property
    def total(self) -> int:
        return sum(total for _, total in self._bytes.values())


@contextmanager
def _bar(model: str) -> Iterator[_Show]:
    """Draw Rich's bar: bytes, speed, and the time that is left."""
    from rich.progress import (  # noqa: PLC0415  # only for a terminal
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=output.console(), transient=True) as progress:
        task = progress.add_task(model, total=None)

        def show(done: int, total: int, status: str) -> None:
            words = model if status.startswith("pulling") else f"{model}: {status}"
            progress.update(task, completed=done, total=total or None, description=words)

        yield show


@contextmanager
def _lines(model: str) -> Iterator[_Show]:
    """Write a line every few seconds, for a log."""
    output.say(f"Downloading {model}")
    pace = _Pace()
    written = float("-inf")

    def show(done: int, total: int, _status: str) -> None:
        nonlocal written
        speed = pace.speed(done)
        if total and time.monotonic() - written >= _EVERY:
            written = time.monotonic()
            output.say(f"  {_progress(done, total, speed)}")

    yield show


class _Pace:
    """Knows how fast it goes, in bytes a second; what an earlier try had loaded does not count."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def speed(self, done: int) -> float:
        now = time.monotonic()
        self._first = self._first or (now, done)
        began, had = self._first
        return (done - had) / (now - began) if now > began else 0.0


def _progress(done: int, total: int, speed: float) -> str:
    words = f"{done * 100 // total} %, {bytes_text(done)} of {bytes_text(total)}"
    if speed > 0:
        words += f", {bytes_text(speed)}/s, {seconds_text((total - done) / speed)} left"
    return words
