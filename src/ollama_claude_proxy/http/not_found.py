"""Answers for paths and methods that do not exist."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ollama_claude_proxy.errors import NotSupported
from ollama_claude_proxy.http.responses import json_response, request_id


async def reject_unsupported(request: Request) -> Response:
    """Refuse an endpoint of Anthropic's API that the proxy does not have."""
    raise NotSupported(f"ocp does not have {request.method} {request.url.path!r}.")


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer for an unknown path or method, in Anthropic's format."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind = "not_found_error" if status == 404 else "invalid_request_error"
    message = (
        f"There is no {request.method} {request.url.path!r} here. The API is at '/v1/messages'."
    )
    body = {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": request_id(request),
    }
    return json_response(body, status=status, headers={"x-should-retry": "false"})
