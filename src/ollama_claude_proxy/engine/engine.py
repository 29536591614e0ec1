"""The engine: it puts together what plans requests, runs them and remembers them."""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path

from ollama_claude_proxy.engine.answer_memory import AnswerMemory
from ollama_claude_proxy.engine.answer_run import AnswerRun, AnswerServices
from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.cache_restore import CacheRestore
from ollama_claude_proxy.engine.embedder import Embedder
from ollama_claude_proxy.engine.generation import Generation
from ollama_claude_proxy.engine.idle.idle_work import IdleWork
from ollama_claude_proxy.engine.idle.vram_fit import FITTING_WINDOW
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.engine.planner import ModelKnowledge, PlannedRequest, Planner
from ollama_claude_proxy.engine.running_answers import RunningAnswers, request_identity
from ollama_claude_proxy.engine.small_jobs import SmallJobs
from ollama_claude_proxy.engine.turn_record import TurnTotals
from ollama_claude_proxy.engine.vocabulary_loader import VocabularyLoader
from ollama_claude_proxy.engine.window_fitter import WindowFitter
from ollama_claude_proxy.errors import ShuttingDown
from ollama_claude_proxy.prompt_cache.prompt_cache import PromptCache
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts
from ollama_claude_proxy.sessions.storage.pruning import prune_file
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.translate.template_probe import judge_template, template_probes
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.scheduler import Scheduler
from ollama_claude_proxy.upstream.template_facts_store import TemplateFactsStore
from ollama_claude_proxy.upstream.upstream import Upstream

logger = logging.getLogger(__name__)

_MEGABYTE = 1024 * 1024


class Engine:
    """Plans and answers requests.

    `cache` is the file with the facts about the models' templates (None: they are probed after
    every start), `data` the file with the remembered conversations (None: memory only).
    """

    def __init__(
        self, settings: Settings, upstream: Upstream, *, cache: Path | None, data: Path | None
    ) -> None:
        self.settings = settings
        self.upstream = upstream
        self.totals = TurnTotals()
        self.database = Database(None if settings.memory == "private" else data)
        facts = self.model_facts = ModelFacts(self.database)
        self.catalog = Catalog(upstream, settings, facts.by_model(FITTING_WINDOW))
        self.scheduler = Scheduler(settings.parallel)
        self.running = RunningAnswers()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pruning: asyncio.Task[None] | None = None

        services = ModelServices(settings, upstream, self.catalog, self.scheduler, facts)
        prompt_cache = PromptCache(self.database)
        memory = SessionMemory(self.database)
        tasks = BackgroundTasks()
        small_jobs, embedder = SmallJobs(services, tasks), Embedder(services, memory.vectors, tasks)
        cache_restore = CacheRestore(upstream, prompt_cache)
        self._idle = IdleWork(services, prompt_cache.history, embedder, small_jobs, tasks)
        template_facts = TemplateFactsStore(upstream, template_probes, judge_template, cache)
        window = WindowFitter(settings, memory, prompt_cache.counter, embedder)
        self._vocabularies = VocabularyLoader(services, prompt_cache.counter, tasks)
        knowledge = ModelKnowledge(template_facts, self._vocabularies)
        self._planner = Planner(services, knowledge, prompt_cache, small_jobs, window)
        self._answer_services = AnswerServices(
            upstream, self.scheduler, prompt_cache.history, cache_restore, self._idle
        )
        self._answers = AnswerMemory(prompt_cache, memory, cache_restore)

    async def open(self) -> None:
        """Start background work: the default model's head and vocabulary, old conversations."""
        self._loop = asyncio.get_running_loop()
        self._idle.open()
        self._vocabularies.start_default()
        if self.database.path is not None:
            self._pruning = asyncio.create_task(asyncio.to_thread(self._prune, self.database.path))

    async def plan(
        self, headers: Mapping[str, str], body: bytes, *, may_load: bool = True
    ) -> PlannedRequest:
        """Parse and plan a Messages request; raises what the client must see.

        The names of `headers` are in lower case. `may_load`: the model may be loaded to see what
        its template does.
        """
        return await self._planner.plan(headers, body, may_load=may_load)

    def answer(self, planned: PlannedRequest) -> Generation:
        """Return the running answer to a request: a new one, or that of an equal request.

        The caller has joined it and must leave it.
        """
        identity = request_identity(planned)
        generation = self.running.find(identity)
        if generation is None:
            generation = self._new_generation(planned)
            self.running.add(identity, generation)
        generation.join()
        return generation

    async def close(self) -> None:
        """End all work, and close the database and the connections."""
        await self._idle.close()
        await self.catalog.close()
        if self._pruning is not None:
            await self._pruning
        self.database.close()
        await self.upstream.close()

    def shutdown(self) -> None:
        """End all running answers with an error event; safe to call from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.running.interrupt, ShuttingDown())

    def _new_generation(self, planned: PlannedRequest) -> Generation:
        translator = StreamTranslator(
            planned.plan,
            message_id=f"msg_{secrets.token_hex(12)}",
            model=planned.request.model,
            new_tool_id=_new_tool_id,
        )
        run = AnswerRun(self._answer_services, planned, translator)
        return Generation(run, self._answers, self._idle, self.totals)

    def _prune(self, path: Path) -> None:
        """Delete conversations that are too old or too many, on a connection of its own."""
        days, megabytes = self.settings.memory_days, self.settings.memory_megabytes
        try:
            if deleted := prune_file(path, days, megabytes * _MEGABYTE):
                logger.info("deleted %s old conversations", deleted)
        except Exception:  # a broken file must not stop the proxy
            logger.exception("old conversations could not be deleted")


def _new_tool_id() -> str:
    """Return an id that no other call of the session has: the client loses results of equal ids."""
    return f"toolu_{secrets.token_hex(12)}"
