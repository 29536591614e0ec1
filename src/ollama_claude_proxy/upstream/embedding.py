"""Vectors of texts, from an embedding model that is installed.

Such models want to be told whether a text asks or answers, each in words of its own.
"""

from collections.abc import Mapping, Sequence

from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.wire.model import ModelProfile

# What stands before a text that asks, and before one that is found; by how a name begins.
_PREFIXES: Mapping[str, tuple[str, str]] = {
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    "qwen3-embedding": ("Instruct: Find what answers the request.\nQuery: ", ""),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
    "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
}
_NONE = ("", "")


class Embedding:
    """The embedding model of the settings; every method raises what Ollama refuses with."""

    def __init__(self, ollama: Ollama, catalog: Catalog, settings: Settings) -> None:
        self._ollama = ollama
        self._catalog = catalog
        self._settings = settings

    async def model(self) -> ModelProfile | None:
        """Give the model that is configured, or the smallest that is installed."""
        named = self._settings.embedding_model
        if named == "off":
            return None
        if named != "auto":
            return await self._catalog.profile(named)
        able = [one for one in await self._catalog.installed() if one.embedding and not one.cloud]
        return min(able, key=lambda one: one.size, default=None)

    async def query(self, model: ModelProfile, text: str) -> Sequence[float]:
        """Give the vector of a text that asks."""
        asks, _ = _prefixes(model)
        return (await self._embed(model, [asks + text]))[0]

    async def passages(self, model: ModelProfile, texts: Sequence[str]) -> list[list[float]]:
        """Give the vectors of texts that may be found."""
        _, found = _prefixes(model)
        return await self._embed(model, [found + text for text in texts])

    async def _embed(self, model: ModelProfile, texts: list[str]) -> list[list[float]]:
        return await self._ollama.embed(model.name, texts, self._settings.keep_alive)


def _prefixes(model: ModelProfile) -> tuple[str, str]:
    name = model.name.rpartition("/")[2]
    return next((both for begins, both in _PREFIXES.items() if name.startswith(begins)), _NONE)
