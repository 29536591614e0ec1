"""What every request passes first: an id, a check of the caller, and errors in Anthropic's form.

A web page must not reach a model on this machine. A browser names the page in `Origin`, and a page
that rebinds its own host name to 127.0.0.1 still sends that name in `Host`; so both are checked.
Behind a token any host name is allowed, because a page does not know the token.
"""

import hmac
import ipaddress
import logging
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ollama_claude_proxy.errors import Forbidden, InternalError, OcpError, Unauthorized
from ollama_claude_proxy.http.responses import error_response
from ollama_claude_proxy.logs import request_log
from ollama_claude_proxy.settings import Settings

logger = logging.getLogger(__name__)

# They tell nothing private, and clients ask them before they have their token.
_OPEN_PATHS = frozenset({"/", "/health", "/api/hello"})


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, pass it on, and turn what it raises into a response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(12)}"
        scope.setdefault("state", {})["request_id"] = request_id
        scope["path"] = _without_repeated_version(scope["path"])
        headers = {"request-id": request_id, "anthropic-version": self._settings.anthropic_version}
        response = _TrackedResponse(send, headers)
        try:
            self._check_access(scope)
            await self._app(scope, receive, response.send)
        except OcpError as error:
            await self._send_error(error, response, scope, receive)
        except Exception:
            logger.exception("request %s failed", request_id)
            await self._send_error(InternalError(request_id), response, scope, receive)

    async def _send_error(
        self, error: OcpError, response: "_TrackedResponse", scope: Scope, receive: Receive
    ) -> None:
        request_id = scope["state"]["request_id"]
        outcome = f"{error.status} {error.message}"
        request_log(f"{scope['method']} {scope['path']}", request=request_id, outcome=outcome)
        if not response.started:
            await error_response(error, request_id)(scope, receive, response.send)

    def _check_access(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and not _is_local(urlsplit(origin).hostname):
            raise Forbidden(f"A web page at {origin!r} may not use this proxy.")
        token = self._settings.token
        if token is None:
            self._check_host(headers.get("host", ""))
        elif scope["path"] not in _OPEN_PATHS and not _has_token(headers, token):
            raise Unauthorized("The request does not carry this proxy's token.")

    def _check_host(self, host: str) -> None:
        name = urlsplit(f"//{host}").hostname
        if name != self._settings.host and not _is_local(name):
            raise Forbidden(
                f"This proxy does not answer for the host {host!r}.",
                remedy="Use http://127.0.0.1 as base URL, or set a token: `ocp serve --token …`.",
            )


class _TrackedResponse:
    """Adds headers to a response and knows whether it has begun."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            MutableHeaders(scope=message).update(self._headers)
        await self._send(message)


def _without_repeated_version(path: str) -> str:
    """Return a path without the second `/v1` of a client whose base URL ends in one."""
    return path[3:] if path.startswith("/v1/v1/") else path


def _is_local(name: str | None) -> bool:
    """Whether a host name can only mean an address, or this machine."""
    if name is None:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _has_token(headers: Headers, token: str) -> bool:
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    candidates = (bearer, headers.get("x-api-key", ""))
    return any(hmac.compare_digest(candidate.encode(), token.encode()) for candidate in candidates)
