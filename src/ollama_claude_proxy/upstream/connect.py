"""The backend that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.ollama.client import OllamaClient, Transport
from ollama_claude_proxy.upstream.upstream import Upstream

__all__ = ["Transport", "create_upstream", "open_upstream"]


def create_upstream(settings: Settings, transport: Transport | None = None) -> Upstream:
    """Return the configured backend; `transport` stands in for the network in tests."""
    return OllamaClient(
        settings.ollama_url, connect_timeout=settings.connect_timeout, transport=transport
    )


@asynccontextmanager
async def open_upstream(settings: Settings) -> AsyncIterator[Upstream]:
    """Open the configured backend for a block, and close it after that."""
    upstream = create_upstream(settings)
    try:
        yield upstream
    finally:
        await upstream.close()
