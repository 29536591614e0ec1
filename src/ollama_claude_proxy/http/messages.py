"""`POST /v1/messages`: the main job, in a straight line.

body -> parse -> choose the model -> plan -> Ollama's stream -> translate -> events
"""

import secrets

from starlette.requests import Request

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.http.planning import plan_request
from ollama_claude_proxy.http.relay import Relay
from ollama_claude_proxy.http.services import Services
from ollama_claude_proxy.translate.response.stream import StreamTranslator


async def messages(request: Request) -> Relay:
    """Answer a Messages request, streamed or not."""
    services: Services = request.app.state.services
    planned = await plan_request(request)
    _require_max_tokens(planned.request.max_tokens)
    translator = StreamTranslator(
        planned.plan,
        message_id=f"msg_{secrets.token_hex(12)}",
        model=planned.request.model,
        new_tool_id=_new_tool_id,
    )
    return Relay(services, planned, translator)


def _require_max_tokens(given: int | None) -> None:
    if given is None:
        raise InvalidRequest("max_tokens: Field required")
    if given < 1:
        raise InvalidRequest("max_tokens: Input should be greater than or equal to 1")


def _new_tool_id() -> str:
    """Give an id that no other call of the session has: the client loses results of equal ids."""
    return f"toolu_{secrets.token_hex(12)}"
