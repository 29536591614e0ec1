"""A plan that fits: of a conversation longer than the window, what fits and what is needed."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.engine.caller import Asker
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.prompt_cache.prompts import Shared
from ollama_claude_proxy.sessions.conversation import Conversation, Fitted
from ollama_claude_proxy.sessions.storage.archive import Whose
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.scheduler import Rank
from ollama_claude_proxy.wire.anthropic import Message, MessagesRequest

logger = logging.getLogger(__name__)

# An answer gets a quarter of the window at most, and counting is right within a fiftieth.
_ANSWER = 4
_MARGIN = 50

PlanOf = Callable[[Sequence[Message]], Plan]


class Remembered(Struct, frozen=True):
    """A plan, the conversation that its answer is kept with, and what was done so that it fits."""

    plan: Plan
    conversation: Conversation | None = None
    fitted: Fitted | None = None


class Wanted(Struct, frozen=True):
    """What is asked for: a `request` by an `asker`, of a `model` with a `window` in tokens."""

    request: MessagesRequest
    asker: Asker
    model: str
    window: int


async def remembered(services: Services, wanted: Wanted, plan_of: PlanOf) -> Remembered:
    """Plan a request within the window.

    Where not even what must stay fits, the plan is of the whole conversation: Ollama's exact count
    refuses it.
    """
    messages = wanted.request.messages
    if services.settings.memory == "off":
        return Remembered(plan_of(messages))
    conversation = services.memory.open(_whose(wanted), messages)
    kept = None if _on_the_side(wanted.asker) else conversation
    if services.settings.leaves_window:
        return Remembered(plan_of(messages), kept)
    plan = await _fitting(services, wanted, conversation, plan_of)
    if plan is None:
        return Remembered(plan_of(messages), kept)
    if conversation.changed:
        with spared("what was said could not be kept"):
            if kept is not None:
                services.memory.keep(kept)
            conversation.keep()
    fitted = conversation.fitted
    if fitted is not None:
        plan = replace(plan, notes=(*plan.notes, _note(fitted)))
    return Remembered(plan, kept, fitted)


@contextmanager
def spared(words: str) -> Iterator[None]:
    """Go on without, where something is wrong with what is remembered: no turn fails for that."""
    try:
        yield
    except Exception:
        logger.exception("%s; this turn goes on without", words)


async def _fitting(
    services: Services, wanted: Wanted, conversation: Conversation, plan_of: PlanOf
) -> Plan | None:
    """Give a plan within the budget; None where there is none."""
    window = wanted.window
    reply = min(wanted.request.max_tokens or window, window // _ANSWER)
    budget = window - reply - window // _MARGIN

    def tokens(text: str) -> int:
        body = {"messages": [{"role": "user", "content": text}]}
        return services.counts.tokens(wanted.model, body, Shared())

    while True:
        with spared("nothing earlier could be found"):
            await _load(services, wanted, conversation)
        plan = plan_of(conversation.shown())
        if plan.prompt_tokens <= budget:
            return plan
        if not conversation.step(tokens, plan.prompt_tokens, budget):
            return None


async def _load(services: Services, wanted: Wanted, conversation: Conversation) -> None:
    """Load what the newest message needs; only what is kept can be found."""
    recall = services.settings.recall
    if recall == "off" or not conversation.looks(project=recall == "project"):
        return
    if not _on_the_side(wanted.asker):
        services.memory.keep(conversation)
    query = await services.meaning.query(conversation)
    conversation.load(wanted.window, project=recall == "project", query=query)


def _whose(wanted: Wanted) -> Whose:
    asker = wanted.asker
    session = asker.session if asker.named else ""
    return Whose(asker.conversation, session, asker.agent, wanted.model)


def _on_the_side(asker: Asker) -> bool:
    """Whether a session asks for something small, such as a title, that nobody looks for later."""
    return asker.named and asker.rank is Rank.AUXILIARY


def _note(fitted: Fitted) -> str:
    done = {
        "messages left out": fitted.left,
        "messages shortened": fitted.shortened,
        "texts from earlier loaded": fitted.loaded,
    }
    return ", ".join(f"{count} {what}" for what, count in done.items() if count)
