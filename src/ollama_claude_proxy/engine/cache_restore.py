"""A tiny request that makes Ollama fetch a conversation back from its host memory.

When a side request with the same head takes the only slot, llama.cpp saves the conversation's
state, but does not load it again when the conversation returns: the slot looks like a beginning of
it. Measured: 6,008 of 20,195 tokens come from the cache. After a request that is like neither (9
tokens, 40 ms) it loads what it saved: 20,194. Sent only where that is so; and no more where it is
seen not to help.
"""

from contextlib import suppress

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.prompts import Prompt, Prompts, Shared, shared_characters
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.ollama.client import Chat, Ollama
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.ollama import ChatLine

# llama.cpp saves a slot's state when less than this part of it would survive,
_SAVED_BELOW = 0.5
# and takes a slot for similar when it holds more than this part of the new prompt.
_SIMILAR_ABOVE = 0.1
# Some 1,000 tokens; less is read anew as fast.
_FEWEST_CHARACTERS = 4000
_MOST_FAILURES = 2
# A turn that read more than this part of its prompt had no use of the cache.
_READ_ANEW = 0.5


class Flushing:
    """Decides when to flush, and learns whether it helps."""

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts
        self._failures: dict[str, int] = {}
        self._nanoseconds: dict[str, float] = {}

    def helps(self, model: str, conversation: str, shared: Shared) -> bool:
        """Whether a conversation that returns lies saved behind a side request's state."""
        if self._failures.get(model, 0) >= _MOST_FAILURES:
            return False
        own, last = self._prompts.own(model, conversation), self._prompts.last(model)
        if own is None or last is None or last[0] == conversation or shared.whole is not own:
            return False
        return _hidden(own, last[1], shared)

    def learn(self, model: str, done: ChatLine, shared: Shared, *, flushed: bool) -> None:
        """Learn from a turn how fast the model reads, and whether the flush helped."""
        tokens, duration = done.prompt_eval_count, done.prompt_eval_duration
        if not (tokens and duration):
            return
        if shared.part < _SIMILAR_ABOVE:
            self._nanoseconds[model] = duration / tokens
        speed = self._nanoseconds.get(model)
        if flushed and speed is not None:
            failed = duration > _READ_ANEW * speed * tokens
            self._failures[model] = self._failures.get(model, 0) + 1 if failed else 0


def _hidden(own: Prompt, last: Prompt, shared: Shared) -> bool:
    same = shared_characters(own, last)
    return (
        same < _SAVED_BELOW * own.size
        and same > _SIMILAR_ABOVE * shared.size
        and own.size - same > _FEWEST_CHARACTERS
    )


async def flush(ollama: Ollama, plan: Plan) -> None:
    """Send the tiny request; it needs no answer."""
    sent = plan.body["options"].get("num_ctx")
    options = {"num_predict": 1} if sent is None else {"num_ctx": sent, "num_predict": 1}
    body = {
        "model": plan.model,
        "messages": [{"role": "user", "content": "."}],
        "options": options,
        "keep_alive": plan.body["keep_alive"],
        "truncate": False,
        "stream": True,
    }
    with suppress(OcpError):  # then the turn only takes longer
        async with ollama.chat(Chat(encode_json(body), plan.model, 0, plan.window)) as batches:
            async for _ in batches:
                pass
