"""`POST /v1/messages`: the main job, in a straight line.

body -> parse -> choose the model -> plan -> Ollama's stream -> translate -> events
"""

import secrets
from hashlib import sha256

from starlette.requests import Request

from ollama_claude_proxy.engine.generation import Generation, Generations
from ollama_claude_proxy.engine.planning import Planned, plan_request
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.http.request_body import read_body
from ollama_claude_proxy.http.stream_response import Relay
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator
from ollama_claude_proxy.wire.events import encode_json


async def messages(request: Request) -> Relay:
    """Answer a Messages request, streamed or not."""
    services: Services = request.app.state.services
    body = await read_body(request, services.settings.max_body_bytes)
    planned = await plan_request(services, request.headers, body)
    _require_max_tokens(planned.request.max_tokens)
    running: Generations = request.app.state.generations
    identity = _identity(planned)
    generation = running.find(identity)
    if generation is None:
        generation = Generation(services, planned, _translator(planned))
        running.keep(identity, generation)
    generation.join()
    return Relay(services, planned, generation)


def _translator(planned: Planned) -> StreamTranslator:
    return StreamTranslator(
        planned.plan,
        message_id=f"msg_{secrets.token_hex(12)}",
        model=planned.request.model,
        new_tool_id=_new_tool_id,
    )


def _identity(planned: Planned) -> str:
    """Name what a client asks, so that the same client may join what it asked already.

    Nothing for clients without sessions: they may want two answers to one question.
    """
    if not planned.asker.named:
        return ""
    body = planned.plan.body
    asked = {key: value for key, value in body.items() if key not in {"options", "messages"}}
    said = body["messages"]
    # Of one conversation, so much with this end is said once; to hash it all would take long.
    parts = [asked, said[:1], len(said), sum(len(one["content"]) for one in said), said[-1:]]
    return f"{planned.asker.conversation} {sha256(encode_json(parts)).hexdigest()}"


def _require_max_tokens(given: int | None) -> None:
    if given is None:
        raise InvalidRequest("max_tokens: Field required")
    if given < 1:
        raise InvalidRequest("max_tokens: Input should be greater than or equal to 1")


def _new_tool_id() -> str:
    """Give an id that no other call of the session has: the client loses results of equal ids."""
    return f"toolu_{secrets.token_hex(12)}"
