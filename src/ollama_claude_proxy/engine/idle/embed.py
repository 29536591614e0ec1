"""Passages by meaning, where an embedding model is installed: made while nothing else runs.

Only conversations that outgrew the window are embedded. It happens a few passages at a time behind
the answers, and stops as soon as somebody asks something. A question waits for its own vector, but
not long: without one it is searched for by words alone.
"""

import asyncio
import logging
import time

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.storage.vectors import Query, Vectors
from ollama_claude_proxy.upstream.embedding import Embedding
from ollama_claude_proxy.upstream.scheduler import Scheduler
from ollama_claude_proxy.wire.model import ModelProfile

logger = logging.getLogger(__name__)

_AT_A_TIME = 8
# Seconds: a model on the processor takes some hundredths for a question; loading it takes longer.
_PATIENCE = 2.0
_LOOK_SECONDS = 0.5
# After a failure, such as a model that was removed.
_PAUSE_SECONDS = 300.0


class Meaning:
    """Keeps vectors of passages up to date, and makes those of questions."""

    def __init__(self, embedding: Embedding, vectors: Vectors, scheduler: Scheduler) -> None:
        self._embedding = embedding
        self._vectors = vectors
        self._scheduler = scheduler
        self._task: asyncio.Task[None] | None = None
        self._rests_until = float("-inf")

    async def query(self, conversation: Conversation) -> Query | None:
        """Give what a conversation asks for as a vector; None where there is none in time."""
        if self._rests:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                model = await self._embedding.model()
                if model is None or not self._vectors.any(_name(model)):
                    return None
                vector = await self._embedding.query(model, conversation.request)
        except TimeoutError:
            return None
        except OcpError as error:
            self._rest(error)
            return None
        return Query(_name(model), vector)

    def start(self, conversation: Conversation) -> None:
        """Make the vectors that a conversation lacks, once nothing runs."""
        if (self._task is None or self._task.done()) and not self._rests:
            self._task = asyncio.create_task(self._work(conversation))

    async def close(self) -> None:
        """Stop making vectors."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _rest(self, error: OcpError) -> None:
        self._rests_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning("nothing is found by its meaning for a while: %s", error.message)

    async def _work(self, conversation: Conversation) -> None:
        try:
            model = await self._embedding.model()
            ranges = conversation.ranges if model is not None else []
            while model is not None:
                pieces = self._vectors.missing(_name(model), ranges, _AT_A_TIME)
                if not pieces:
                    break
                while not self._scheduler.idle:  # noqa: ASYNC110  # a moment later is as good
                    await asyncio.sleep(_LOOK_SECONDS)
                made = await self._embedding.passages(model, [piece.text for piece in pieces])
                numbers = (piece.number for piece in pieces)
                self._vectors.keep(_name(model), zip(numbers, made, strict=False))
        except OcpError as error:
            self._rest(error)


def _name(model: ModelProfile) -> str:
    """Name vectors by the model's digest: another version makes others."""
    return f"{model.name} {model.digest[:12]}"
