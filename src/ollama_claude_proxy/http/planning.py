"""From the HTTP request to the plan: read, parse, choose the model, plan."""

from msgspec import Struct
from starlette.requests import Request

from ollama_claude_proxy.http.body import read_body
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.translate.plan import Plan
from ollama_claude_proxy.translate.request.build import build_plan
from ollama_claude_proxy.upstream.catalog import window
from ollama_claude_proxy.wire.anthropic import MessagesRequest, parse_request


class Planned(Struct, frozen=True):
    """A request, what will be sent for it, and the bytes that came."""

    request: MessagesRequest
    plan: Plan
    size: int


async def plan_request(request: Request) -> Planned:
    """Read and plan a Messages request; raises what the client must see."""
    services: Services = request.app.state.services
    settings = services.settings
    body = await read_body(request, settings.max_body_bytes)
    parsed = parse_request(body)
    subagent = "x-claude-code-agent-id" in request.headers
    profile = await services.catalog.resolve(parsed.request.model, subagent=subagent)
    plan = build_plan(
        parsed, profile, window=window(profile, settings), keep_alive=settings.keep_alive
    )
    return Planned(parsed.request, plan, len(body))
