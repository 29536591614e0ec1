"""A tiny request that makes Ollama fetch a conversation back from its host memory.

When a side request with the same head takes the only slot, llama.cpp saves the conversation's
state, but does not load it again when the conversation returns: the slot looks like a beginning of
it. Measured: 6,008 of 20,195 tokens come from the cache. After a request that is like neither (9
tokens, 40 ms) it loads what it saved: 20,194. It is sent only in this case, and no longer to a
model for which it did not help.
"""

from contextlib import suppress

from ollama_claude_proxy.engine.internal_request import run_internal_request
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.prefix import PrefixMatch, Prompt, common_prefix_chars
from ollama_claude_proxy.prompt_cache.prompt_cache import PromptCache
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.upstream import Upstream
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest

# llama.cpp saves a slot's state when less than this part of it would survive,
_SAVED_BELOW = 0.5
# and takes a slot for similar when it holds more than this part of the new prompt.
_SIMILAR_ABOVE = 0.1
# About 1,000 tokens; fewer are read again just as fast.
_MIN_CHARACTERS = 4000
_MAX_FAILURES = 2
# A turn that read more than this part of its prompt did not use the cache.
_MAX_READ_SHARE = 0.5


class CacheRestore:
    """Decides when to restore, does it, and learns whether it helps."""

    def __init__(self, upstream: Upstream, prompt_cache: PromptCache) -> None:
        self._upstream = upstream
        self._history = prompt_cache.history
        self._speed = prompt_cache.speed
        self._failures: dict[str, int] = {}

    async def restore(self, plan: Plan, conversation: str, match: PrefixMatch) -> bool:
        """Send the tiny request where it helps; return whether it was sent."""
        if not self._needs_restore(plan.model, conversation, match):
            return False
        request = ModelRequest(
            model=plan.model,
            messages=(ChatMessage("user", "."),),
            window=plan.model_request.window,
            max_tokens=1,
            keep_alive=plan.model_request.keep_alive,
        )
        with suppress(OcpError):  # then the turn only takes longer
            await run_internal_request(self._upstream, request, plan.window)
        return True

    def learn(self, model: str, tokens: int, duration: int) -> None:
        """Learn whether restoring helped a prompt that was then read in some nanoseconds."""
        speed = self._speed.nanoseconds_per_token(model)
        if duration and speed is not None:
            failed = duration > _MAX_READ_SHARE * speed * tokens
            self._failures[model] = self._failures.get(model, 0) + 1 if failed else 0

    def _needs_restore(self, model: str, conversation: str, match: PrefixMatch) -> bool:
        """Whether a side request with the same head took the conversation's slot."""
        if self._failures.get(model, 0) >= _MAX_FAILURES:
            return False
        previous = self._history.of_conversation(model, conversation)
        last = self._history.last(model)
        if (
            previous is None
            or last is None
            or last[0] == conversation
            or match.continued is not previous
        ):
            return False
        return _was_displaced(previous.prompt, last[1].prompt, match)


def _was_displaced(previous: Prompt, last: Prompt, match: PrefixMatch) -> bool:
    common = common_prefix_chars(previous, last)
    return (
        common < _SAVED_BELOW * previous.size
        and common > _SIMILAR_ABOVE * match.size
        and previous.size - common > _MIN_CHARACTERS
    )
