"""What Ollama reports of itself: its version, the model that answers, and missing models."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ollama_claude_proxy.cli.templates import load_fitted_windows
from ollama_claude_proxy.errors import ModelNotInstalled, OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.catalog import Catalog

_TIMEOUT = 10.0  # seconds for an Ollama that accepts connections and then sends nothing


@dataclass
class OllamaStatus:
    """Ollama's version, the model that answers, and the configured models that are missing.

    `failure` is why Ollama could not be asked. `model` differs from the configured one if nobody
    chose that and it is not installed, and is None if no model can answer.
    """

    version: str = ""
    model: ModelProfile | None = None
    missing: list[str] = field(default_factory=list)
    failure: OcpError | None = None


async def query_ollama(settings: Settings) -> OllamaStatus:
    """Ask Ollama for its status; an error is returned in the status, not raised."""
    from ollama_claude_proxy.upstream.catalog import Catalog  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415

    status = OllamaStatus()
    try:
        async with asyncio.timeout(_TIMEOUT), open_upstream(settings) as upstream:
            status.version = await upstream.version()
            catalog = Catalog(upstream, settings, load_fitted_windows())
            await _query_models(catalog, settings, status)
    except TimeoutError:
        status.failure = OcpError(
            f"Ollama at {settings.ollama_url!r} is slow to answer.",
            remedy="See what it is doing: `ollama ps`, and the log of `ollama serve`.",
        )
    except OcpError as error:
        status.failure = error
    return status


async def _query_models(catalog: "Catalog", settings: Settings, status: OllamaStatus) -> None:
    roles = settings.roles
    configured = (settings.model, roles.opus, roles.sonnet, roles.haiku, roles.subagent)
    for name in dict.fromkeys(name for name in configured if name):
        try:
            await catalog.profile(name)
        except ModelNotInstalled:
            status.missing.append(name)
    try:
        status.model = await catalog.default_model()
    except ModelNotInstalled:
        status.model = None
