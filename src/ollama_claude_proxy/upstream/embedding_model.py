"""Vectors of texts, from an embedding model that is installed.

Each such model expects a prefix of its own that marks a text as a question or an answer.
"""

from collections.abc import Mapping, Sequence

from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.upstream import Upstream
from ollama_claude_proxy.wire.model import ModelProfile

# The prefix of a question, and of a text that may be found, by how the model's name begins.
_PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    "qwen3-embedding": ("Instruct: Find what answers the request.\nQuery: ", ""),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
    "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
}
_NO_PREFIXES = ("", "")


class EmbeddingModel:
    """The embedding model of the settings; every method raises what the backend refuses with."""

    def __init__(self, upstream: Upstream, catalog: Catalog, settings: Settings) -> None:
        self._upstream = upstream
        self._catalog = catalog
        self._settings = settings

    async def profile(self) -> ModelProfile | None:
        """Return the model that is configured, or the smallest that is installed."""
        named = self._settings.embedding_model
        if named == "off":
            return None
        if named != "auto":
            return await self._catalog.profile(named)
        installed = await self._catalog.installed()
        candidates = [profile for profile in installed if profile.embedding and not profile.cloud]
        return min(candidates, key=lambda profile: profile.size, default=None)

    async def embed_query(self, model: ModelProfile, text: str) -> Sequence[float]:
        """Return the vector of a question."""
        prefix, _ = _prefixes(model)
        return (await self._embed(model, [prefix + text]))[0]

    async def embed_passages(self, model: ModelProfile, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of texts that may be found."""
        _, prefix = _prefixes(model)
        return await self._embed(model, [prefix + text for text in texts])

    async def _embed(self, model: ModelProfile, texts: list[str]) -> list[list[float]]:
        return await self._upstream.embed(model.name, texts, self._settings.keep_alive)


def _prefixes(model: ModelProfile) -> tuple[str, str]:
    name = model.name.rpartition("/")[2]
    return next(
        (prefixes for start, prefixes in _PREFIXES.items() if name.startswith(start)), _NO_PREFIXES
    )
