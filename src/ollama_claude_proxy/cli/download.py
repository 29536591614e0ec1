"""Downloading a model through Ollama, with a progress bar or progress lines."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.units import format_bytes, format_seconds
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.wire.model import PullProgress

_LINE_INTERVAL = 5.0  # seconds between two lines where no bar can be drawn

# Arguments: bytes downloaded, bytes in total (0: not known yet), and Ollama's status text.
_ShowProgress = Callable[[int, int, str], None]


def download_model(settings: Settings, model: str) -> None:
    """Download `model` into Ollama and show the progress on stderr.

    Raises what Ollama's client raises, and OcpError if the download ends before it is complete.
    After Ctrl-C Ollama keeps what it has, and continues from there the next time.
    """
    with (_progress_bar if sys.stderr.isatty() else _progress_lines)(model) as show:
        asyncio.run(_pull(settings, model, show))
    output.print_check(output.Mark.OK, f"{model} is downloaded")


async def _pull(settings: Settings, model: str, show: _ShowProgress) -> None:
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415  # 0.1 s

    layers = _LayerProgress()
    status = ""
    async with open_upstream(settings) as upstream:
        async for progress in upstream.pull(model):
            status = progress.status
            layers.add(progress)
            show(layers.completed, layers.total, status)
    if status != "success":
        raise OcpError(
            f"The download of {model!r} ended before it was complete.",
            remedy=f"Continue it with `ollama pull {model}`.",
        )


class _LayerProgress:
    """The sum over the layers of a model: Ollama reports each layer, usually the largest first."""

    def __init__(self) -> None:
        self._bytes: dict[str, tuple[int, int]] = {}

    def add(self, progress: "PullProgress") -> None:
        if progress.digest and progress.total:
            self._bytes[progress.digest] = (progress.completed, progress.total)

    @property
    def completed(self) -> int:
        return sum(completed for completed, _ in self._bytes.values())

    @property
    def total(self) -> int:
        return sum(total for _, total in self._bytes.values())


@contextmanager
def _progress_bar(model: str) -> Iterator[_ShowProgress]:
    """Draw a progress bar by Rich: bytes, speed, and the time left."""
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

        def show(completed: int, total: int, status: str) -> None:
            description = model if status.startswith("pulling") else f"{model}: {status}"
            progress.update(task, completed=completed, total=total or None, description=description)

        yield show


@contextmanager
def _progress_lines(model: str) -> Iterator[_ShowProgress]:
    """Print a line every few seconds, for a log file."""
    output.print_message(f"Downloading {model}")
    meter = _SpeedMeter()
    printed_at = float("-inf")

    def show(completed: int, total: int, _status: str) -> None:
        nonlocal printed_at
        speed = meter.speed(completed)
        if total and time.monotonic() - printed_at >= _LINE_INTERVAL:
            printed_at = time.monotonic()
            output.print_message(f"  {_format_progress(completed, total, speed)}")

    yield show


class _SpeedMeter:
    """Measures the speed in bytes per second, without what an earlier attempt had downloaded."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def speed(self, completed: int) -> float:
        now = time.monotonic()
        self._first = self._first or (now, completed)
        started, first_bytes = self._first
        return (completed - first_bytes) / (now - started) if now > started else 0.0


def _format_progress(completed: int, total: int, speed: float) -> str:
    line = f"{completed * 100 // total} %, {format_bytes(completed)} of {format_bytes(total)}"
    if speed > 0:
        line += f", {format_bytes(speed)}/s, {format_seconds((total - completed) / speed)} left"
    return line
