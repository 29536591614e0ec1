"""The finding whether Ollama answers."""

import shutil
from urllib.parse import urlsplit

from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok
from ollama_claude_proxy.cli.ollama_status import OllamaStatus
from ollama_claude_proxy.errors import OcpError, OllamaUnreachable, UpstreamError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.settings.values import is_loopback

_GET_OLLAMA = "Get it from https://ollama.com/download; `ocp demo` works without it."
_WRONG_SERVER = "Is it Ollama that answers there? Set its address: ocp serve --ollama-url URL"


def connection_finding(settings: Settings, status: OllamaStatus) -> Finding:
    """Return whether Ollama answers, with the way to reach it if it does not."""
    if status.failure is None:
        return ok(f"Ollama {status.version} answers at {settings.ollama_url}")
    return failed(status.failure.problem, _remedy(settings, status.failure))


def _remedy(settings: Settings, failure: OcpError) -> str:
    if not isinstance(failure, OllamaUnreachable):
        return _WRONG_SERVER if isinstance(failure, UpstreamError) else failure.advice
    if not is_loopback(urlsplit(settings.ollama_url).hostname or ""):
        return "Start it there, or set another address: ocp serve --ollama-url URL"
    return "ollama serve" if shutil.which("ollama") else _GET_OLLAMA
