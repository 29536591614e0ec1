"""Requests of the proxy's own, which no client sees."""

from ollama_claude_proxy.upstream.upstream import Upstream
from ollama_claude_proxy.wire.chat import ModelRequest


async def run_internal_request(upstream: Upstream, request: ModelRequest, window: int = 0) -> str:
    """Return a model's answer as text.

    `window` (tokens) is for the error of a prompt that is too long. Raises the backend's refusal.
    """
    texts: list[str] = []
    async with upstream.chat(request, window=window) as stream:
        async for chunks in stream:
            texts += [chunk.message.content for chunk in chunks if chunk.message]
    return "".join(texts)
