"""The jobs and the tools of `ocp try`, read from the package's data."""

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from ollama_claude_proxy.trial import data


@cache
def standard_tools() -> list[dict[str, Any]]:
    """Return the definitions of eight tools like Claude Code's, as a Messages request has them."""
    return msgspec.json.decode(_read("tools.json"), type=list[dict[str, Any]])


def _read(name: str) -> bytes:
    return resources.files(data).joinpath(name).read_bytes()
