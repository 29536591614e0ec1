"""An Ollama that renders prompts as the real one does and lets a real engine write the words.

The engine is a llama-server that has loaded the model's file. What Ollama's own parsers would make
of calls is not imitated: a request with tools is refused unless they are shown in the prompt only.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, NamedTuple

import httpx

from support.completion import chat_line, completion_request, read_event
from support.fake_chat_lines import error_line, go_json, merge_lines
from support.fake_http import NDJSON, chunk, send, send_head, write
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama
from support.fake_refusals import context_window

_PATIENCE_SECONDS = 1200.0  # a long prompt on a slow machine


class Written(NamedTuple):
    """What an answer cost the engine, in tokens: its prompt, what was cached of it, the answer."""

    prompt_tokens: int
    cached_tokens: int
    tokens: int


class LiveOllama(FakeOllama):
    """Serves one model, whose words come from the llama-server at `engine_url`.

    `written` has one entry for each answer that came to its end.
    """

    def __init__(self, engine_url: str, model: FakeModel, port: int = 0) -> None:
        super().__init__(model, port=port)
        self.written: list[Written] = []
        self._engine_url = engine_url

    async def _answer(
        self, body: dict[str, Any], model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        if model.parses(body):
            await send(writer, 501, error_line("tools are not parsed here"))
            return
        await self.load(body, model)
        async with aclosing(self._lines(body, model)) as lines:
            if body.get("stream", True):
                await _stream(lines, writer)
            else:
                whole = merge_lines([line async for line in lines])
                await send(writer, 200, go_json(whole))

    async def _lines(self, body: dict[str, Any], model: FakeModel) -> AsyncGenerator[str, None]:
        request = completion_request(body, self.prompt_of(body), context_window(body, model))
        async with (
            httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as client,
            client.stream("POST", f"{self._engine_url}/completion", json=request) as response,
        ):
            if response.status_code != 200:
                yield error_line((await response.aread()).decode())
                return
            async for text in response.aiter_lines():
                event = read_event(text)
                line = chat_line(event, body["model"]) if event else None
                if event and event.get("stop"):
                    self._note(event["timings"])
                if line is not None:
                    yield line

    def _note(self, timings: dict[str, Any]) -> None:
        cached = timings["cache_n"]
        self.written.append(Written(cached + timings["prompt_n"], cached, timings["predicted_n"]))


async def _stream(lines: AsyncIterator[str], writer: asyncio.StreamWriter) -> None:
    head_sent = False
    async for line in lines:
        if not head_sent:
            await send_head(writer, 200, NDJSON)
            head_sent = True
        await write(writer, chunk(line.encode("utf-8", "surrogatepass") + b"\n"))
    if head_sent:
        await write(writer, chunk(b""))
