"""What the proxy asks of a backend, whichever kind it is.

The rest of the program knows this protocol only; a kind of backend is one package beside this file.
Every method raises an error of `errors.py` that says what the user can do.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ollama_claude_proxy.wire.chat import ChatChunk, ModelRequest
from ollama_claude_proxy.wire.model import (
    InstalledModel,
    LoadedModel,
    ModelProfile,
    PullProgress,
)
from ollama_claude_proxy.wire.tokenizer import Tokenizer

# The chunks of an answer; those that arrived in one read come together.
ChunkStream = AsyncIterator[list[ChatChunk]]


class Upstream(Protocol):
    """A backend that runs models."""

    async def version(self) -> str:
        """Return the backend's version, such as `0.32.15`."""

    async def models(self) -> list[InstalledModel]:
        """Return the installed models, the newest first."""

    async def describe(self, model: InstalledModel) -> ModelProfile:
        """Return what a model is and can do; raises ModelNotInstalled."""

    async def tokenizer(self, model: str) -> Tokenizer:
        """Return what is known of a model's tokenizer; its lists are None where that is little."""

    async def loaded(self) -> list[LoadedModel]:
        """Return the models that are in memory now."""

    async def render(self, request: ModelRequest) -> str | None:
        """Return the prompt that a request is rendered as; None from a backend that cannot say."""

    def chat(
        self, request: ModelRequest, *, prompt_tokens: int = 0, window: int = 0
    ) -> AbstractAsyncContextManager[ChunkStream]:
        """Start an answer.

        Entering waits until the backend has accepted the request; leaving early cancels the
        generation. `prompt_tokens` (an estimate) and `window` are for the error of a prompt that is
        too long, where the backend does not say its own.
        """

    async def embed(
        self, model: str, texts: Sequence[str], keep_alive: str | int
    ) -> list[list[float]]:
        """Return a vector for each text; raises ModelUnusable where the model makes none."""

    def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Download a model; raises UpstreamRejected when it fails."""

    async def close(self) -> None:
        """Close all connections."""
