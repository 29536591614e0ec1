"""Small jobs beside a conversation, such as titles, go to a small model where one is at hand.

On the main model they wait for its slot and take the conversation's place in its cache. A small
model that is installed does them as well, if both fit into the graphics card together. Nobody can
tell before: so it is tried once, while the main model lies there whole, and what came of it is
kept. Without a graphics card both would share the processor, and nothing is tried.
"""

import asyncio
import logging
from collections.abc import Sequence

from ollama_claude_proxy.engine.caller import Asker
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.storage.store import Store
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.upstream.scheduler import Rank
from ollama_claude_proxy.wire.model import ModelProfile, alias
from ollama_claude_proxy.wire.ollama import RunningModel

logger = logging.getLogger(__name__)

_KIND = "fits beside"
_YES, _NO = "yes", "no"
# A summary of a whole conversation is none: the main model has that in its cache. About 4,000
# tokens.
_MOST_BYTES = 16_000
# Bytes on disk, and the part of the main model's; a model of 3B quantised to 4 bits has 2 GB.
_LARGEST = 2_500_000_000
_PART = 4


class SideJobs:
    """Chooses the model of small jobs; a model that somebody chose for them wins."""

    def __init__(self, ollama: Ollama, catalog: Catalog, settings: Settings, store: Store) -> None:
        self._ollama = ollama
        self._catalog = catalog
        self._store = store
        self._active = settings.side_jobs == "auto" and settings.roles.haiku is None
        self._known = store.facts(_KIND)
        self._trying: dict[str, ModelProfile] = {}
        self._looking: asyncio.Task[None] | None = None

    async def model(
        self, asker: Asker, requested: str, main: ModelProfile, size: int
    ) -> ModelProfile:
        """Give the model for a request of `size` bytes that `main` would answer."""
        named = requested in {main.name, alias(main.name)}
        small_job = asker.named and asker.rank is Rank.AUXILIARY and size <= _MOST_BYTES
        if not self._active or not small_job or named or main.cloud:
            return main
        small = _small(await self._catalog.installed(), main)
        if small is None:
            return main
        known = self._known.get(_pair(main, small))
        if known is None and _whole(await self._running(), main):
            self._trying[small.name] = main
            return small
        return small if known == _YES else main

    def look(self, model: str) -> None:
        """See, behind a small job, whether both models lie in the graphics card."""
        main = self._trying.pop(model, None)
        if main is not None:
            self._looking = asyncio.create_task(self._look(main, model))

    async def _look(self, main: ModelProfile, name: str) -> None:
        running = await self._running()
        try:
            small = await self._catalog.profile(name)
        except OcpError:  # removed meanwhile: the next small job looks again
            return
        fits = _whole(running, main) and _whole(running, small)
        self._known[_pair(main, small)] = _YES if fits else _NO
        self._store.keep_fact(_KIND, _pair(main, small), _YES if fits else _NO)
        words = "fits beside" if fits else "does not fit beside"
        goes = name if fits else main.name
        logger.info("%s %s %s: small jobs go to %s", name, words, main.name, goes)

    async def _running(self) -> list[RunningModel]:
        try:
            return await self._ollama.running()
        except OcpError:  # the request itself will say so
            return []


def _small(installed: Sequence[ModelProfile], main: ModelProfile) -> ModelProfile | None:
    """Give the largest of the models that are small beside the main one."""
    most = min(_LARGEST, main.size // _PART)
    able = [one for one in installed if one.completion and not one.cloud and one.size <= most]
    return max(able, key=lambda one: one.size, default=None)


def _whole(running: Sequence[RunningModel], model: ModelProfile) -> bool:
    """Whether a model is loaded and lies in the graphics card as a whole."""
    found = [one for one in running if model.name in {one.name, one.model}]
    return any(one.size_vram >= one.size > 0 for one in found)


def _pair(main: ModelProfile, small: ModelProfile) -> str:
    return f"{small.digest} {main.digest}"
