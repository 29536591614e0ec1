"""From the HTTP request to the plan: read, parse, choose the model, plan."""

from msgspec import Struct
from starlette.requests import Request

from ollama_claude_proxy.http.body import read_body
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.translate.plan import Plan
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build import build_plan
from ollama_claude_proxy.upstream.catalog import window
from ollama_claude_proxy.wire.anthropic import MessagesRequest, parse_request
from ollama_claude_proxy.wire.model import ModelProfile


class Planned(Struct, frozen=True):
    """A request, what will be sent for it, and the bytes that came."""

    request: MessagesRequest
    plan: Plan
    size: int


async def plan_request(request: Request, *, loads: bool = True) -> Planned:
    """Read and plan a Messages request; raises what the client must see.

    `loads` allows to load the model to see what its template does.
    """
    services: Services = request.app.state.services
    settings = services.settings
    body = await read_body(request, settings.max_body_bytes)
    parsed = parse_request(body)
    subagent = "x-claude-code-agent-id" in request.headers
    profile = await services.catalog.resolve(parsed.request.model, subagent=subagent)
    plan = build_plan(parsed, profile, await _policy(services, profile, loads=loads))
    return Planned(parsed.request, plan, len(body))


async def _policy(services: Services, profile: ModelProfile, *, loads: bool) -> Policy:
    settings = services.settings
    num_ctx = window(profile, settings)
    if loads:
        facts = await services.calibration.facts(
            profile, window=num_ctx, keep_alive=settings.keep_alive
        )
    else:
        facts = await services.calibration.known(profile)
    return Policy(
        window=num_ctx,
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
    )
