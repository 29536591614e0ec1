"""Plans that fit the window: of a longer conversation, what fits and what is needed."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.engine.best_effort import best_effort
from ollama_claude_proxy.engine.caller import Caller
from ollama_claude_proxy.engine.conversation_store import store_conversation
from ollama_claude_proxy.engine.embedder import Embedder
from ollama_claude_proxy.prompt_cache.token_counter import TokenCounter
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.fit_state import ConversationKey, FitSummary
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.sessions.recall.intents import asks_back
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.wire.anthropic import Message, MessagesRequest

# An answer gets a quarter of the window at most, and a third of what is not the prompt's head.
_ANSWER_DIVISOR = 4
_HEADLESS_ANSWER_DIVISOR = 3
# Passages get half of the room for turns where the user asks for something, a tenth where they tell
# what to do next, a sixth in a tool loop; and an eighth of the window at most.
_QUESTION_DIVISOR, _WORK_DIVISOR, _STEP_DIVISOR, _MAX_PASSAGES_DIVISOR = 2, 10, 6, 8
# If less than half of that is free, a question is worth a cut; if less than a quarter, any turn is:
# it would need one soon.
_ASKED_DIVISOR, _FULL_DIVISOR = 2, 4
# Counting is right within a fiftieth.
_MARGIN_DIVISOR = 50

MakePlan = Callable[[Sequence[Message]], Plan]


class FittedPlan(Struct, frozen=True):
    """A plan, the conversation to store its answer with, and what was done to make it fit."""

    plan: Plan
    conversation: Conversation | None = None
    fit: FitSummary | None = None


class FitRequest(Struct, frozen=True):
    """A `request` by a `caller`, of a `model` with a `window` in tokens."""

    request: MessagesRequest
    caller: Caller
    model: str
    window: int

    @property
    def key(self) -> ConversationKey:
        """The key of its conversation."""
        caller = self.caller
        session = caller.session if caller.is_named else ""
        return ConversationKey(caller.conversation, session, caller.agent, self.model)

    def budget(self, head: int = 0) -> int:
        """Return the tokens that the prompt may have, of which the head cannot leave."""
        answer = min(
            self.request.max_tokens or self.window,
            self.window // _ANSWER_DIVISOR,
            max(self.window - head, 0) // _HEADLESS_ANSWER_DIVISOR,
        )
        return self.window - answer - self.window // _MARGIN_DIVISOR


class WindowFitter:
    """Fits conversations into the window of their model."""

    def __init__(
        self,
        settings: Settings,
        memory: SessionMemory,
        counter: TokenCounter,
        embedder: Embedder,
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._counter = counter
        self._embedder = embedder

    async def fit(self, fit_request: FitRequest, make_plan: MakePlan) -> FittedPlan:
        """Plan a request within the window.

        If what must stay does not fit, the plan has the whole conversation: the backend then
        refuses it with its exact count.
        """
        messages = fit_request.request.messages
        if self._settings.memory == "off":
            return FittedPlan(make_plan(messages))
        conversation = self._memory.open(fit_request.key, messages)
        stored_with = None if fit_request.caller.is_small_job else conversation
        if self._settings.leaves_window:
            return FittedPlan(make_plan(messages), stored_with)
        plan = await self._fitting_plan(fit_request, conversation, make_plan)
        if plan is None:
            return FittedPlan(make_plan(messages), stored_with)
        if conversation.changed:
            with best_effort("the conversation could not be stored"):
                if stored_with is not None:
                    await store_conversation(self._memory, stored_with)
            with best_effort("how the conversation is fitted could not be stored"):
                conversation.keep_fit()
        fit = conversation.fit_summary
        if fit is not None:
            plan = replace(plan, notes=(*plan.notes, _note(fit)))
        return FittedPlan(plan, stored_with, fit)

    async def _fitting_plan(
        self, fit_request: FitRequest, conversation: Conversation, make_plan: MakePlan
    ) -> Plan | None:
        """Return a plan within the budget; None if there is none.

        Searching and cutting a long conversation takes longer than others should wait: threads do
        it, and this conversation is theirs meanwhile.
        """

        def count_tokens(text: str) -> int:
            return self._counter.count_text(fit_request.model, text)

        while True:
            plan = make_plan(conversation.shown_messages())
            tokens = plan.prompt_tokens
            wants_passages = self._wants_passages(conversation)
            if tokens <= fit_request.budget() and not wants_passages:
                return plan
            fixed = await asyncio.to_thread(conversation.fixed_tokens, count_tokens, tokens)
            budget = fit_request.budget(fixed)
            if tokens > budget:
                if not await asyncio.to_thread(conversation.shrink, count_tokens, tokens, budget):
                    return None
            elif not wants_passages:
                return plan
            else:
                question = conversation.question
                most = _passages_room(question, fit_request.window, budget - fixed)
                enough = most // (_ASKED_DIVISOR if asks_back(question.words) else _FULL_DIVISOR)
                if (
                    budget - tokens < enough
                    and conversation.is_cut  # what fits is not cut for what may be found
                    and await asyncio.to_thread(conversation.cut, count_tokens, tokens, budget)
                ):
                    continue
                size = await asyncio.to_thread(
                    conversation.characters_of, count_tokens, min(most, budget - tokens)
                )
                with best_effort("earlier passages could not be searched"):
                    await self._load_passages(fit_request, conversation, size)
                if self._wants_passages(conversation):  # nothing was found
                    return plan

    def _wants_passages(self, conversation: Conversation) -> bool:
        recall = self._settings.recall
        return recall != "off" and conversation.needs_passages(project=recall == "project")

    async def _load_passages(
        self, fit_request: FitRequest, conversation: Conversation, characters: int
    ) -> None:
        """Load the passages that the newest message needs; only what is stored can be found."""
        if not fit_request.caller.is_small_job:
            await store_conversation(self._memory, conversation)
        vector = await self._embedder.embed_request(conversation)
        searches_project = self._settings.recall == "project"
        await asyncio.to_thread(
            conversation.load_passages, characters, project=searches_project, vector=vector
        )


def _passages_room(question: Question, window: int, room: int) -> int:
    """Return the tokens that passages for a question may have, of a room for turns."""
    divisor = _STEP_DIVISOR
    if not question.step:
        divisor = _QUESTION_DIVISOR if asks_back(question.words) else _WORK_DIVISOR
    return min(room // divisor, window // _MAX_PASSAGES_DIVISOR)


def _note(fit: FitSummary) -> str:
    counts = {
        "messages left out": fit.left_out,
        "messages shortened": fit.truncated,
        "earlier passages loaded": fit.loaded,
    }
    return ", ".join(f"{count} {label}" for label, count in counts.items() if count)
