"""`POST /v1/messages/count_tokens`: how large the planned prompt is."""

from starlette.requests import Request
from starlette.responses import Response

from ollama_claude_proxy.engine.planning import plan_request
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.http.request_body import read_body
from ollama_claude_proxy.http.responses import json_response


async def count_tokens(request: Request) -> Response:
    """Estimate the tokens of the prompt that would be sent, with tools and images."""
    services: Services = request.app.state.services
    body = await read_body(request, services.settings.max_body_bytes)
    planned = await plan_request(services, request.headers, body, loads=False)
    return json_response({"input_tokens": planned.plan.prompt_tokens})
