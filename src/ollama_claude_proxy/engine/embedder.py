"""Vectors of passages and requests, where an embedding model is installed.

Only conversations that outgrew the window are embedded, a few passages at a time while nothing else
runs. A request waits for its own vector, but not long: without one it is searched for by words
alone.
"""

import asyncio
import logging
import time

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from ollama_claude_proxy.upstream.embedding_model import EmbeddingModel
from ollama_claude_proxy.wire.model import ModelProfile

logger = logging.getLogger(__name__)

_TASK = "embed"
_BATCH_SIZE = 8
# Seconds: a model on the processor takes some hundredths for a request; loading it takes longer.
_REQUEST_SECONDS = 2.0
_POLL_SECONDS = 0.5
# After a failure, such as a model that was removed.
_PAUSE_SECONDS = 300.0


class Embedder:
    """Keeps vectors of passages up to date, and makes those of requests."""

    def __init__(self, services: ModelServices, vectors: Vectors, tasks: BackgroundTasks) -> None:
        self._embedding_model = EmbeddingModel(
            services.upstream, services.catalog, services.settings
        )
        self._vectors = vectors
        self._scheduler = services.scheduler
        self._tasks = tasks
        self._paused_until = float("-inf")

    async def embed_request(self, conversation: Conversation) -> QueryVector | None:
        """Return a conversation's request as a vector; None if there is none in time."""
        if self._is_paused:
            return None
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                model = await self._embedding_model.profile()
                if model is None or not self._vectors.exists(_version_name(model)):
                    return None
                vector = await self._embedding_model.embed_query(model, conversation.question.text)
        except TimeoutError:
            return None
        except OcpError as error:
            self._pause(error)
            return None
        return QueryVector(_version_name(model), vector)

    def start(self, conversation: Conversation) -> None:
        """Make the vectors that a conversation lacks, once nothing runs."""
        if not self._is_paused:
            self._tasks.start(_TASK, self._embed_passages(conversation))

    @property
    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _pause(self, error: OcpError) -> None:
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning("search by meaning is paused: %s", error.message)

    async def _embed_passages(self, conversation: Conversation) -> None:
        try:
            model = await self._embedding_model.profile()
            roots = conversation.roots if model is not None else []
            while model is not None:
                name = _version_name(model)
                passages = self._vectors.missing(name, roots, _BATCH_SIZE)
                if not passages:
                    break
                while not self._scheduler.is_idle:  # noqa: ASYNC110  # half a second late is early enough
                    await asyncio.sleep(_POLL_SECONDS)
                texts = [passage.text for passage in passages]
                vectors = await self._embedding_model.embed_passages(model, texts)
                numbers = (passage.number for passage in passages)
                self._vectors.keep(name, zip(numbers, vectors, strict=False))
        except OcpError as error:
            self._pause(error)


def _version_name(model: ModelProfile) -> str:
    """Return the name that vectors are stored under: other versions of a model make others."""
    return f"{model.name} {model.digest[:12]}"
