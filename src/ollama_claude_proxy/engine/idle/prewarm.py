"""Reads the head of the prompts ahead of time, while no request needs the model.

Tools and instructions are most of a first prompt, and the same for every session. The last head
that each model was shown is kept. When the proxy starts, and when a small job had the model loaded,
the model reads it in the background, so that the next turn begins in seconds. A request that comes
meanwhile goes first: what was read up to then stays in the cache.
"""

import logging
from contextlib import suppress

import msgspec
from msgspec import Struct

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.internal_request import run_internal_request
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.prefix import prompt_of
from ollama_claude_proxy.prompt_cache.prompt_history import PromptHistory
from ollama_claude_proxy.upstream.catalog import context_window
from ollama_claude_proxy.upstream.scheduler import Priority
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest, ToolDefinition
from ollama_claude_proxy.wire.events import encode_json

logger = logging.getLogger(__name__)

_FACT_KIND = "head"
_SESSION = "warming up"
# There is nothing to answer. 0 would mean one on the native path, and no limit elsewhere.
_MAX_TOKENS = 1
# Smaller heads are read too fast to matter.
_MIN_CHARACTERS = 4000


class PromptHead(Struct, frozen=True):
    """What stands at the beginning of a prompt: the tools and the instructions."""

    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolDefinition, ...] | None = None
    think: bool | str | None = None


class Prewarm:
    """Reads heads ahead of time, and remembers the last head of each model."""

    def __init__(
        self, services: ModelServices, history: PromptHistory, tasks: BackgroundTasks
    ) -> None:
        self._services = services
        self._settings = services.settings
        self._history = history
        self._tasks = tasks
        self._heads = services.model_facts.by_model(_FACT_KIND)

    def remember(self, request: ModelRequest) -> None:
        """Keep the head of a prompt that runs."""
        first = request.messages[0]
        if first.role != "system" or len(first.content) < _MIN_CHARACTERS:
            return
        text = encode_json(PromptHead((first,), tuple(request.tools), request.think)).decode()
        if self._heads.get(request.model) != text:
            self._heads[request.model] = text
            self._services.model_facts.keep(_FACT_KIND, request.model, text)

    def start_default(self) -> None:
        """Start reading the default model's head, if any head is known."""
        if self._heads:
            self._tasks.start((_SESSION, None), self._start_default())

    def start(self, model: str, window: int | None) -> None:
        """Start reading a model's head, if it is known and no request needs the model."""
        head = self._heads.get(model)
        if head is not None and not self._services.scheduler.is_busy(model):
            self._tasks.start((_SESSION, model), self._read(model, head, window))

    async def stop(self, model: str) -> None:
        """Stop reading, because a request needs the model."""
        await self._tasks.cancel((_SESSION, model))

    async def _start_default(self) -> None:
        with suppress(OcpError):  # the first request reports it
            profile = await self._services.catalog.default_model()
            settings = self._settings
            window = None if settings.leaves_window else context_window(profile, settings)
            self.start(profile.name, window)

    async def _read(self, model: str, head: str, window: int | None) -> None:
        request = self._model_request(model, msgspec.json.decode(head, type=PromptHead), window)
        try:
            async with self._services.scheduler.slot(model, Priority.IDLE, _SESSION):
                self._history.add(model, _SESSION, prompt_of(request))
                await run_internal_request(self._services.upstream, request, window or 0)
            logger.info("%s has read its instructions and tools ahead", model)
        except OcpError as error:
            logger.info("%s could not read ahead: %s", model, error.message)

    def _model_request(self, model: str, head: PromptHead, window: int | None) -> ModelRequest:
        return ModelRequest(
            model=model,
            messages=[*head.messages, ChatMessage("user", ".")],
            tools=head.tools or (),
            think=head.think or None,
            window=window,
            max_tokens=_MAX_TOKENS,
            keep_alive=self._settings.keep_alive,
        )
