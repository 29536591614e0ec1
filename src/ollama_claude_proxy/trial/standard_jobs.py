"""The jobs and the tools of `ocp try`, read from the package's data."""

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from ollama_claude_proxy.trial import data
from ollama_claude_proxy.trial.job import JobSet, read_jobs


@cache
def standard_tools() -> list[dict[str, Any]]:
    """Return the definitions of eight tools like Claude Code's, as a Messages request has them."""
    return msgspec.json.decode(_read("tools.json"), type=list[dict[str, Any]])


@cache
def standard_jobs() -> JobSet:
    """Return the jobs of `ocp try`: three of one step of each kind, and six of three steps."""
    return read_jobs(_read("jobs.json"))


def _read(name: str) -> bytes:
    return resources.files(data).joinpath(name).read_bytes()
