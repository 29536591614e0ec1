"""The client of Ollama that the proxy has, used without the proxy."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from ollama_claude_proxy.errors import (
    OcpError,
)
from ollama_claude_proxy.upstream.ollama.client import OllamaClient
from ollama_claude_proxy.wire.chat import ChatChunk, ChatMessage, ModelRequest
from support.timeouts import HANG_SECONDS


def chat_call(model: str = "qwen2.5-coder:7b") -> ModelRequest:
    return ModelRequest(model=model, messages=[ChatMessage("user", "Hi")])


def run_with_client(
    url: str, work: Callable[[OllamaClient], Awaitable[None]], **options: Any
) -> None:
    """Run `work` with a client of the Ollama at `url`."""

    async def main() -> None:
        ollama = OllamaClient(url, **options)
        try:
            async with asyncio.timeout(HANG_SECONDS):
                await work(ollama)
        finally:
            await ollama.close()

    asyncio.run(main())


async def read_answer(
    ollama: OllamaClient, chat: ModelRequest | None = None
) -> tuple[list[ChatChunk], OcpError | None]:
    """Read an answer; return its lines and its error, if any."""
    lines: list[ChatChunk] = []
    try:
        async with ollama.chat(chat or chat_call(), prompt_tokens=10, window=4096) as batches:
            async for batch in batches:
                assert batch
                lines += batch
    except OcpError as error:
        return lines, error
    return lines, None


def answer_text(lines: Iterable[ChatChunk]) -> str:
    return "".join(line.message.content for line in lines if line.message)
