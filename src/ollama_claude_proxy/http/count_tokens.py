"""`POST /v1/messages/count_tokens`: how large the planned prompt is."""

from starlette.requests import Request
from starlette.responses import Response

from ollama_claude_proxy.engine.engine import Engine
from ollama_claude_proxy.http.request_body import read_body
from ollama_claude_proxy.http.responses import json_response


async def count_tokens(request: Request) -> Response:
    """Estimate the tokens of the prompt that would be sent, with tools and images."""
    engine: Engine = request.app.state.engine
    body = await read_body(request, engine.settings.max_body_bytes)
    planned = await engine.plan(request.headers, body, may_load=False)
    return json_response({"input_tokens": planned.plan.prompt_tokens})
