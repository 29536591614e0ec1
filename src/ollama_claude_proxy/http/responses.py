"""Responses that are one JSON object, and errors in Anthropic's format."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.events import encode_json


def json_response(
    content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response."""
    return Response(encode_json(content), status, headers, "application/json")


def error_response(error: OcpError, request_id: str) -> Response:
    """Return an error in Anthropic's format, with headers that say whether to try again."""
    return json_response(error.body(request_id), status=error.status, headers=error.headers())


def request_id(connection: HTTPConnection) -> str:
    """Return the id that `guard` gave the request."""
    identifier: str = connection.scope["state"]["request_id"]
    return identifier
