"""What every request passes first: an id, a check of who asks, and errors in Anthropic's form.

A web page must not reach a model on this machine. A browser names the page in `Origin`, and a page
that rebinds its own host name to 127.0.0.1 still sends that name in `Host`; so both are checked.
Behind a token any host name is allowed, for a page does not know the token.
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

# They hold nothing private, and are asked before the client has its token.
_OPEN_PATHS = frozenset({"/", "/health", "/api/hello"})


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, pass it on, and turn what it raises into an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = f"req_{secrets.token_hex(12)}"
        scope.setdefault("state", {})["request_id"] = identifier
        scope["path"] = _one_version(scope["path"])
        headers = {"request-id": identifier, "anthropic-version": self._settings.anthropic_version}
        answer = _Answer(send, headers)
        try:
            self._admit(scope)
            await self._app(scope, receive, answer.send)
        except OcpError as error:
            await self._explain(error, answer, scope, receive)
        except Exception:
            logger.exception("request %s failed", identifier)
            await self._explain(InternalError(identifier), answer, scope, receive)

    async def _explain(
        self, error: OcpError, answer: "_Answer", scope: Scope, receive: Receive
    ) -> None:
        identifier = scope["state"]["request_id"]
        outcome = f"{error.status} {error.message}"
        request_log(f"{scope['method']} {scope['path']}", request=identifier, outcome=outcome)
        if not answer.started:
            await error_response(error, identifier)(scope, receive, answer.send)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and not _is_local(urlsplit(origin).hostname):
            raise Forbidden(f"A web page at {origin!r} may not use this proxy.")
        token = self._settings.token
        if token is None:
            self._check_host(headers.get("host", ""))
        elif scope["path"] not in _OPEN_PATHS and not _carries(headers, token):
            raise Unauthorized("The request does not carry this proxy's token.")

    def _check_host(self, host: str) -> None:
        name = urlsplit(f"//{host}").hostname
        if name != self._settings.host and not _is_local(name):
            raise Forbidden(
                f"This proxy does not answer for the host {host!r}.",
                remedy="Use http://127.0.0.1 as base URL, or set a token: `ocp serve --token …`.",
            )


class _Answer:
    """Adds headers to an answer and knows whether it has begun."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            MutableHeaders(scope=message).update(self._headers)
        await self._send(message)


def _one_version(path: str) -> str:
    """Take the second `/v1` off the paths of a client whose base URL ends in one."""
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


def _carries(headers: Headers, token: str) -> bool:
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    given = (bearer, headers.get("x-api-key", ""))
    return any(hmac.compare_digest(one.encode(), token.encode()) for one in given)
