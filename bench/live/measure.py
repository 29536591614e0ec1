"""Jobs done live, one after the other: which were done, and what went wrong with the others."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from live.engine import WINDOW, live_ollama
from live.thirds import BenchJob
from ollama_claude_proxy.trial.play import Answer, JobResult, play_job
from ollama_claude_proxy.trial.standard_jobs import standard_tools
from ollama_claude_proxy.upstream.proxy_client import ProxyClient
from servers import Server
from support.live_ollama import LiveOllama, Written

_MAX_TOKENS = 600
_PATIENCE_SECONDS = 1200.0
# The order in which Claude Code sends these tools.
_CLIENT_ORDER = ("Bash", "Glob", "Grep", "Read", "Edit", "Write", "WebFetch", "TodoWrite")


class Played(NamedTuple):
    """A job's result, and what the engine did for it."""

    result: JobResult
    written: tuple[Written, ...]
    seconds: float


class Setup(NamedTuple):
    """What is measured: a server and a model's file, and the proxy's command."""

    server: Path
    model: Path
    threads: int
    proxy: str


def measure_jobs(
    jobs: Sequence[BenchJob], setup: Setup, folder: Path, show: Callable[[Played], None]
) -> list[Played]:
    """Have the model do the jobs through the proxy's own process; `show` is told of each."""
    with (
        live_ollama(setup.server, setup.model, setup.threads, folder / "engine.log") as ollama,
        _proxy(setup.proxy, folder, ollama) as proxy,
    ):
        return asyncio.run(_play_all(jobs, proxy.url, ollama, show))


@contextmanager
def _proxy(command: str, folder: Path, ollama: LiveOllama) -> Iterator[Server]:
    settings = {
        "OCP_MODEL": next(iter(ollama.models)),
        "OCP_NUM_CTX": str(WINDOW),
        "OCP_PARALLEL": "1",
        "OCP_MEMORY": "off",
    }
    with Server("ocp", command, folder, ollama.url, settings) as proxy:
        yield proxy


async def _play_all(
    jobs: Sequence[BenchJob], url: str, ollama: LiveOllama, show: Callable[[Played], None]
) -> list[Played]:
    played = []
    async with ProxyClient(url) as client:
        for one in jobs:
            before, started = len(ollama.written), time.monotonic()
            result = await play_job(one.job, partial(_ask, client, one))
            written = tuple(ollama.written[before:])
            played.append(Played(result, written, time.monotonic() - started))
            show(played[-1])
    return played


async def _ask(client: ProxyClient, one: BenchJob, messages: list[dict[str, Any]]) -> Answer:
    tools = sorted(standard_tools(), key=lambda tool: _CLIENT_ORDER.index(tool["name"]))
    body = {
        "model": "claude-sonnet-4-5",
        "max_tokens": _MAX_TOKENS,
        "temperature": 0,
        "system": one.system,
        "tools": tools,
        "messages": messages,
    }
    reply = await client.ask_whole(body, seconds=_PATIENCE_SECONDS)
    counts = reply.call_counts
    return Answer(
        reply.blocks,
        tokens=reply.output_tokens,
        repaired=counts.get("repaired", 0),
        asked_again=counts.get("asked_again", 0),
    )
