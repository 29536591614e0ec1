"""The jobs of `bench/jobs`, in three thirds. What is chosen is chosen by the first two only."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from ollama_claude_proxy.trial.job import Job, read_jobs

THIRDS = ("choosing1", "choosing2", "unused")
_FOLDER = Path(__file__).parents[1] / "jobs"


class BenchJob(NamedTuple):
    """A job, and the instructions that go before it."""

    system: str
    job: Job


def jobs_of(thirds: tuple[str, ...], limit: int | None = None) -> list[BenchJob]:
    """Return the jobs of some thirds, in an order that mixes the kinds; at most `limit`."""
    jobs = [
        BenchJob(one.system, job)
        for path in _FOLDER.glob("*.json")
        for one in [read_jobs(path.read_bytes())]
        for job in one.jobs
        if third_of(job.name) in thirds
    ]
    return sorted(jobs, key=lambda one: _hash(one.job.name))[:limit]


def third_of(name: str) -> str:
    """Return the third of a job; only its name decides."""
    return THIRDS[_hash(name) % len(THIRDS)]


def _hash(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)
