"""The head of the prompts is read ahead, while nobody wants the model.

Tools and instructions are most of a first prompt, and the same for every session. The last head
that each model was shown is kept. When the proxy starts, and when a small job had the model loaded,
the model reads it in the background, so that the next turn begins in seconds. Whoever asks
something meanwhile goes first: what was read up to then stays in the cache.
"""

import asyncio
import logging
from typing import Any

import msgspec

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.prompts import Prompts
from ollama_claude_proxy.sessions.storage.store import Store
from ollama_claude_proxy.upstream.ollama.client import Chat, Ollama
from ollama_claude_proxy.upstream.scheduler import Rank, Scheduler
from ollama_claude_proxy.wire.events import encode_json

logger = logging.getLogger(__name__)

_KIND = "head"
_SESSION = "warming up"
# Nothing to answer: one token ends it. On the native path 0 would mean one, elsewhere no end.
_ONE = 1
# Smaller heads are read in no time.
_FEWEST_CHARACTERS = 4000


class Warmth:
    """Reads heads ahead, and remembers which."""

    def __init__(
        self, ollama: Ollama, scheduler: Scheduler, prompts: Prompts, store: Store
    ) -> None:
        self._ollama = ollama
        self._scheduler = scheduler
        self._prompts = prompts
        self._store = store
        self._heads = store.facts(_KIND)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def knows_any(self) -> bool:
        """Whether a head is known of any model."""
        return bool(self._heads)

    def remember(self, model: str, body: dict[str, Any]) -> None:
        """Keep the head of a prompt: its tools and instructions."""
        first = body["messages"][0]
        if first["role"] != "system" or len(first["content"]) < _FEWEST_CHARACTERS:
            return
        head = {"tools": body.get("tools"), "messages": [first], "think": body.get("think")}
        text = encode_json(head).decode()
        if self._heads.get(model) != text:
            self._heads[model] = text
            self._store.keep_fact(_KIND, model, text)

    def start(self, model: str, *, window: int | None, keep_alive: str | int) -> None:
        """Have a model read its head, if one is known and nobody wants the model."""
        head = self._heads.get(model)
        task = self._tasks.get(model)
        reads = task is not None and not task.done()
        if head is None or reads or self._scheduler.busy(model):
            return
        body = {name: value for name, value in msgspec.json.decode(head).items() if value}
        body |= {
            "model": model,
            "messages": [*body["messages"], {"role": "user", "content": "."}],
            "options": {"num_predict": _ONE} | ({} if window is None else {"num_ctx": window}),
            "keep_alive": keep_alive,
            "truncate": False,
            "stream": True,
        }
        self._tasks[model] = asyncio.create_task(self._read(model, body, window or 0))

    async def give_way(self, model: str) -> None:
        """Stop reading: somebody wants the model."""
        task = self._tasks.pop(model, None)
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def close(self) -> None:
        """Stop reading anything."""
        for model in list(self._tasks):
            await self.give_way(model)

    async def _read(self, model: str, body: dict[str, Any], window: int) -> None:
        chat = Chat(encode_json(body), model, 0, window)
        try:
            async with self._scheduler.slot(model, Rank.WARMING, _SESSION):
                self._prompts.keep(model, _SESSION, body)
                async with self._ollama.chat(chat) as batches:
                    async for _ in batches:
                        pass
            logger.info("%s has read its instructions and tools ahead", model)
        except OcpError as error:
            logger.info("%s could not read ahead: %s", model, error.message)
