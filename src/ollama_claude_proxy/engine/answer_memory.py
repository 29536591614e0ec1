"""Remembers whole answers: the turn as it was generated, the token counts, the conversation."""

from collections.abc import Iterable

from ollama_claude_proxy.engine.answer_run import AnswerRun
from ollama_claude_proxy.engine.best_effort import best_effort
from ollama_claude_proxy.engine.cache_restore import CacheRestore
from ollama_claude_proxy.engine.conversation_store import store_conversation
from ollama_claude_proxy.prompt_cache.prompt_cache import PromptCache
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.translate.response.collect_message import collect_message
from ollama_claude_proxy.wire.anthropic import Message, parse_message
from ollama_claude_proxy.wire.events import Event


class AnswerMemory:
    """Stores what later turns need of a whole answer."""

    def __init__(
        self, prompt_cache: PromptCache, memory: SessionMemory, cache_restore: CacheRestore
    ) -> None:
        self._prompt_cache = prompt_cache
        self._memory = memory
        self._cache_restore = cache_restore

    async def keep(self, run: AnswerRun, events: Iterable[Event]) -> None:
        """Store a whole answer, which consists of these events after its start."""
        translator, conversation = run.translator, run.planned.conversation
        turn = translator.turn
        if turn is not None:
            self._prompt_cache.turns.remember(turn.call_ids, turn.text, turn.generated)
        self._learn(run)
        if conversation is not None:  # last: a client that leaves may end the wait for it
            with best_effort("the answer could not be stored"):
                answer = _message(translator.start(), events)
                await store_conversation(self._memory, conversation, answer)

    def _learn(self, run: AnswerRun) -> None:
        """Learn from what the backend counted, if it counted."""
        translator, sent_prompt = run.translator, run.sent_prompt
        last, usage, turn = translator.last_chunk, translator.usage, translator.turn
        if last is None or sent_prompt is None or not usage.prompt_tokens:
            return
        request = run.plan.model_request
        if usage.was_loaded:
            self._prompt_cache.history.forget(request.model, except_for=sent_prompt)
        generated = turn.generated if turn is not None else None
        sent_prompt.add_answer(generated, usage.prompt_tokens, last.eval_count)
        counter = self._prompt_cache.counter
        counter.learn(request.model, request.messages, request.tools, usage.prompt_tokens)
        self._learn_speed(run)
        if run.was_restored:
            self._cache_restore.learn(request.model, usage.prompt_tokens, usage.prompt_duration)

    def _learn_speed(self, run: AnswerRun) -> None:
        """Learn how fast the model reads, where it is certain how much it has read."""
        usage, speed, plan = run.translator.usage, self._prompt_cache.speed, run.plan
        read = usage.prompt_tokens - usage.cached_tokens
        if usage.was_loaded:
            speed.learn(plan.model, read, usage.prompt_duration, anew=True)
        elif plan.expected_cache.tokens == usage.cached_tokens:
            speed.learn(plan.model, read, usage.prompt_duration)


def _message(start: Iterable[Event], events: Iterable[Event]) -> Message:
    """Return the answer as the client will send it back."""
    return parse_message("assistant", collect_message([*start, *events])["content"])
