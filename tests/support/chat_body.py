"""The request body that a plan sends to Ollama."""

from typing import Any

import msgspec

from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.ollama.chat_request import chat_request


def chat_body(plan: Plan) -> dict[str, Any]:
    """Return the body of `/api/chat` as it goes over the wire."""
    body: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(chat_request(plan.model_request))
    )
    return body
