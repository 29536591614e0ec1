"""`POST /v1/messages`: the main job, in a straight line.

body -> parse -> choose the model -> plan -> the model's stream -> translate -> events
"""

from starlette.requests import Request

from ollama_claude_proxy.engine.engine import Engine
from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.http.message_response import MessageResponse
from ollama_claude_proxy.http.request_body import read_body


async def create_message(request: Request) -> MessageResponse:
    """Answer a Messages request, streamed or not."""
    engine: Engine = request.app.state.engine
    body = await read_body(request, engine.settings.max_body_bytes)
    planned = await engine.plan(request.headers, body)
    _require_max_tokens(planned.request.max_tokens)
    return MessageResponse(engine.settings, planned, engine.answer(planned))


def _require_max_tokens(max_tokens: int | None) -> None:
    if max_tokens is None:
        raise InvalidRequest("max_tokens: Field required")
    if max_tokens < 1:
        raise InvalidRequest("max_tokens: Input should be greater than or equal to 1")
