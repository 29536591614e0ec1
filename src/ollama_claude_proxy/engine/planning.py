"""From the HTTP request to the plan: read, parse, choose the model, plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.engine.caller import Asker, asker_of
from ollama_claude_proxy.engine.context_window import Remembered, Wanted, remembered
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.prompt_cache.prompts import Shared
from ollama_claude_proxy.translate.policy import Count, Policy
from ollama_claude_proxy.translate.request.build_plan import build_plan
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.catalog import window
from ollama_claude_proxy.wire.anthropic import Message, MessagesRequest, parse_request
from ollama_claude_proxy.wire.model import ModelProfile


class Planned(Struct, frozen=True):
    """A request, who asks, what will be sent for it, and the bytes that came.

    `shared` tells how much of the prompt the model was shown before, `remembered` what was done
    with a conversation that is longer than the window.
    """

    request: MessagesRequest
    asker: Asker
    plan: Plan
    shared: Shared
    size: int
    remembered: Remembered


async def plan_request(
    services: Services, headers: Mapping[str, str], body: bytes, *, loads: bool = True
) -> Planned:
    """Parse and plan a Messages request; raises what the client must see.

    The names in `headers` are in lower case. `loads` allows to load the model to see what its
    template does.
    """
    parsed = parse_request(body)
    subagent = "x-claude-code-agent-id" in headers
    profile = await services.catalog.resolve(parsed.request.model, subagent=subagent)
    asker = asker_of(headers, parsed.request)
    if loads:
        profile = await services.side_jobs.model(asker, parsed.request.model, profile, len(body))
    seen: list[Shared] = []

    def count(body: dict[str, Any]) -> int:
        seen.append(services.prompts.look(profile.name, asker.conversation, body))
        return services.counts.tokens(profile.name, body, seen[-1])

    policy = await _policy(services, profile, count, loads=loads)

    def plan_of(messages: Sequence[Message]) -> Plan:
        shown = replace(parsed.request, messages=list(messages))
        return build_plan(replace(parsed, request=shown), profile, policy)

    if loads:
        wanted = Wanted(parsed.request, asker, profile.name, policy.window)
        found = await remembered(services, wanted, plan_of)
    else:
        found = Remembered(plan_of(parsed.request.messages))
    plan, shared = found.plan, seen[-1]
    plan = replace(plan, shared=shared.part, body=_thinking_as_before(services, plan, asker))
    return Planned(parsed.request, asker, plan, shared, len(body), found)


async def _window(services: Services, profile: ModelProfile) -> int:
    """Give the window in tokens: the loaded model's own, where it is left alone."""
    if services.settings.leaves_window:
        for running in await services.ollama.running():
            if profile.name in {running.name, running.model} and running.context_length:
                return running.context_length
    return window(profile, services.settings)


def _thinking_as_before(services: Services, plan: Plan, asker: Asker) -> dict[str, Any]:
    """Keep the level of thinking that a conversation began with.

    Templates write it into the prompt, some at its beginning: a change reads all of it again.
    """
    own = services.prompts.own(plan.model, asker.conversation) if asker.named else None
    if own is None or own.think is None or "think" not in plan.body or "format" in plan.body:
        return plan.body
    return plan.body | {"think": own.think}


async def _policy(
    services: Services, profile: ModelProfile, count: Count, *, loads: bool
) -> Policy:
    settings = services.settings
    num_ctx = await _window(services, profile)
    sent = None if settings.leaves_window else num_ctx
    if loads:
        facts = await services.calibration.facts(
            profile, window=sent, keep_alive=settings.keep_alive
        )
    else:
        facts = await services.calibration.known(profile)
    return Policy(
        window=num_ctx,
        leaves_window=settings.leaves_window,
        keep_alive=settings.keep_alive,
        tools=settings.tools_for(profile.name),
        descriptions=settings.descriptions,
        tool_example=settings.tool_example,
        read_calls=settings.read_calls,
        second_chances=settings.second_chances,
        repeated_calls=settings.repeated_calls,
        inert=settings.inert,
        facts=facts,
        recall=services.turns.recall,
        count=count,
    )
