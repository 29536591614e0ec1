"""`POST /v1/messages/count_tokens`: how large the planned prompt is."""

from starlette.requests import Request
from starlette.responses import Response

from ollama_claude_proxy.http.planning import plan_request
from ollama_claude_proxy.http.responses import json_response


async def count_tokens(request: Request) -> Response:
    """Estimate the tokens of the prompt that would be sent, with tools and images."""
    planned = await plan_request(request, loads=False)
    return json_response({"input_tokens": planned.plan.prompt_tokens})
