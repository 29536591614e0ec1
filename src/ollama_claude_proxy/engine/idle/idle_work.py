"""Idle work: started after an answer, and stopped before a request."""

from msgspec import Struct

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.caller import Caller
from ollama_claude_proxy.engine.embedder import Embedder
from ollama_claude_proxy.engine.idle.prewarm import Prewarm
from ollama_claude_proxy.engine.idle.summarizer import Summarizer
from ollama_claude_proxy.engine.idle.vram_fit import VramFit
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.engine.small_jobs import SmallJobs
from ollama_claude_proxy.prompt_cache.prompt_history import PromptHistory
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.scheduler import Priority


class AnsweredTurn(Struct, frozen=True):
    """A turn that was answered; its `conversation` is None if it is not stored.

    `was_fitted`: the conversation is longer than the window; `was_loaded`: the model was loaded for
    this turn.
    """

    caller: Caller
    plan: Plan
    conversation: Conversation | None
    was_fitted: bool
    was_loaded: bool


class IdleWork:
    """Starts idle work after an answer, and ends it before a request; owns its `tasks`."""

    def __init__(
        self,
        services: ModelServices,
        history: PromptHistory,
        embedder: Embedder,
        small_jobs: SmallJobs,
        tasks: BackgroundTasks,
    ) -> None:
        self._tasks = tasks
        self._prewarm = Prewarm(services, history, tasks)
        self._summarizer = Summarizer(services, tasks)
        self._vram_fit = VramFit(services, tasks)
        self._embedder = embedder
        self._small_jobs = small_jobs

    def open(self) -> None:
        """Prewarm the default model."""
        self._prewarm.start_default()

    async def stop_for_request(self, model: str) -> None:
        """Stop the idle work on a model, because a request needs it."""
        await self._prewarm.stop(model)
        await self._summarizer.stop(model)

    def note_running_prompt(self, caller: Caller, plan: Plan) -> None:
        """Record a prompt that runs now."""
        if caller.priority is Priority.MAIN:
            self._prewarm.remember(plan.model_request)

    def start_after_turn(self, turn: AnsweredTurn) -> None:
        """Start the work that later turns profit from.

        Messages that left the prompt are embedded and summarized. If a small job loaded the model,
        the head of the prompts is read; after another turn it would displace that one in the cache.
        """
        self._vram_fit.start(turn.plan.model, turn.plan.window)
        self._small_jobs.start_check(turn.plan.model)
        if turn.conversation is not None and turn.was_fitted:
            self._embedder.start(turn.conversation)
            self._summarizer.start(turn.conversation, turn.plan)
        if turn.was_loaded and turn.caller.priority is Priority.AUXILIARY:
            self._prewarm.start(turn.plan.model, turn.plan.model_request.window)

    async def close(self) -> None:
        """End everything."""
        await self._tasks.close()
