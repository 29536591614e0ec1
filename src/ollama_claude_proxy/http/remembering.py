"""A plan whose prompt is longer than the window, with what of the conversation fits."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ollama_claude_proxy.http.asker import Asker
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.sessions.memory import Remembered
from ollama_claude_proxy.sessions.prompts import Shared
from ollama_claude_proxy.translate.plan import Plan
from ollama_claude_proxy.translate.request.options import options
from ollama_claude_proxy.wire.anthropic import MessagesRequest

# An answer gets a quarter of the window at most, and counting is right within a fiftieth.
_ANSWER = 4
_MARGIN = 50


def remembered(
    services: Services, request: MessagesRequest, plan: Plan, asker: Asker
) -> tuple[Plan, Remembered | None]:
    """Give the plan with a prompt that fits, and what was done for it; None: nothing.

    Where not even what must stay fits, the plan is as it was, and Ollama's count refuses it.
    """
    settings = services.settings
    if settings.memory == "off" or settings.leaves_window:
        return plan, None

    def tokens(messages: Sequence[dict[str, Any]]) -> int:
        return services.counts.tokens(plan.model, {"messages": list(messages)}, Shared())

    tools = plan.body.get("tools")
    reply = min(request.max_tokens or plan.window, plan.window // _ANSWER)
    budget = plan.window - reply - plan.window // _MARGIN
    if tools:
        head = {"messages": [], "tools": tools}
        budget -= services.counts.tokens(plan.model, head, Shared())
    found = services.memory.fitted(
        f"{plan.model} {asker.conversation}",
        plan.body["messages"],
        tokens,
        budget=budget,
        window=plan.window,
    )
    if found is None or not found.left:
        return plan, None
    messages = list(found.messages)
    count = services.counts.tokens(plan.model, {"messages": messages, "tools": tools}, Shared())
    given = options(request, window=plan.window, prompt_tokens=count)
    note = f"{found.left} early messages were left out, {found.loaded} loaded what they need"
    body = plan.body | {"messages": messages, "options": given}
    return replace(plan, body=body, prompt_tokens=count, notes=(*plan.notes, note)), found
