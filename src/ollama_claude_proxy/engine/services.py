"""What every endpoint shares, and the answers that are running."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from ollama_claude_proxy.engine.cache_restore import Flushing
from ollama_claude_proxy.engine.idle.embed import Meaning
from ollama_claude_proxy.engine.idle.prewarm import Warmth
from ollama_claude_proxy.engine.idle.summarize import Summarising
from ollama_claude_proxy.engine.idle.vram_fit import Spilling
from ollama_claude_proxy.engine.small_jobs import SideJobs
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.generated_turns import Turns
from ollama_claude_proxy.prompt_cache.prompts import Prompts
from ollama_claude_proxy.prompt_cache.token_counts import Counts
from ollama_claude_proxy.sessions.memory import Memory
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.pruning import Pruning
from ollama_claude_proxy.sessions.storage.store import Store
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.response.call_writer import Tally
from ollama_claude_proxy.translate.tokens import prompt_tokens
from ollama_claude_proxy.upstream.catalog import Catalog, window
from ollama_claude_proxy.upstream.embedding import Embedding
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.upstream.ollama.template_facts import Calibration
from ollama_claude_proxy.upstream.scheduler import Scheduler

logger = logging.getLogger(__name__)

_MEGABYTE = 1024 * 1024


class Stoppable(Protocol):
    """Something that can be told to end in good order."""

    def stop(self) -> None:
        """End soon."""


class Services:
    """The settings, the Ollama and what is known of its models, and the running answers.

    `turns` remembers what models wrote, `tally` counts what became of their calls, `last_prompt`
    tells how much of the last prompt was shown before, and what broke it.
    """

    def __init__(
        self,
        settings: Settings,
        ollama: Ollama,
        catalog: Catalog,
        calibration: Calibration,
        database: Database,
    ) -> None:
        self.settings = settings
        self.ollama = ollama
        self.catalog = catalog
        self.calibration = calibration
        self.database = database
        store = self.store = Store(database)
        self.turns = Turns(store)
        self.prompts = Prompts()
        self.memory = Memory(database)
        self.counts = Counts(store, prompt_tokens)
        self.scheduler = Scheduler(settings.parallel)
        self.flushing = Flushing(self.prompts)
        self.warmth = Warmth(ollama, self.scheduler, self.prompts, store)
        embedding = Embedding(ollama, catalog, settings)
        self.meaning = Meaning(embedding, self.memory.vectors, self.scheduler)
        active = settings.summarize == "model"
        self.summarising = Summarising(ollama, self.scheduler, active=active)
        self.side_jobs = SideJobs(ollama, catalog, settings, store)
        self.spilling = Spilling(ollama, store, chosen=settings.num_ctx is not None)
        self.tally = Tally()
        self.last_prompt: dict[str, Any] | None = None
        self.running: set[Stoppable] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._warming: asyncio.Task[None] | None = None
        self._pruning: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start serving, and have the main model read ahead."""
        self._loop = asyncio.get_running_loop()
        if self.warmth.knows_any:
            self._warming = asyncio.create_task(self._warm_up())
        if self.database.path is not None:
            self._pruning = asyncio.create_task(asyncio.to_thread(self._prune, self.database.path))

    def _prune(self, path: Path) -> None:
        """Forget what is too old or too much, on a connection of its own."""
        database = Database(path)
        try:
            pruning = Pruning(database)
            days, megabytes = self.settings.memory_days, self.settings.memory_megabytes
            if deleted := pruning.prune(days, megabytes * _MEGABYTE):
                logger.info("forgot %s old conversations", deleted)
                pruning.shrink()
        except Exception:  # what is wrong with the file must not end the proxy
            logger.exception("old conversations could not be forgotten")
        finally:
            database.close()

    async def _warm_up(self) -> None:
        with suppress(OcpError):  # the first request will say so
            profile = await self.catalog.default_model()
            sent = None if self.settings.leaves_window else window(profile, self.settings)
            self.warmth.start(profile.name, window=sent, keep_alive=self.settings.keep_alive)

    async def close(self) -> None:
        """Give back what is held."""
        if self._warming is not None:
            self._warming.cancel()
        if self._pruning is not None:
            await self._pruning
        await self.warmth.close()
        await self.meaning.close()
        await self.summarising.close()
        self.database.close()
        await self.ollama.close()

    def shutdown(self) -> None:
        """End all running answers with an error event; safe to call from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop_running)

    def _stop_running(self) -> None:
        for answer in list(self.running):
            answer.stop()
