"""The errors of responses, error lines and lost connections of Ollama.

What Ollama writes is looked up in `error_rules`; the exceptions of httpx are in a table here.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx
from msgspec import Struct

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    ModelNotInstalled,
    OcpError,
    OllamaUnreachable,
    PromptTooLong,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.error_rules import (
    error_of_status,
    error_of_words,
    error_while_running,
)
from ollama_claude_proxy.upstream.ollama.error_text import (
    ErrorText,
    parse_error,
    parse_error_body,
    quoted,
)

# Of a page of HTML, whose beginning tells which server it is.
_MAX_PAGE_BYTES = 2000

_HOST_REMEDY = (
    "Give its address as an IP (`ocp serve --ollama-url http://192.168.1.2:11434`), or start "
    "Ollama with OLLAMA_HOST=0.0.0.0 (and OLLAMA_ORIGINS)."
)


class RequestContext(Struct, frozen=True):
    """What Ollama's errors leave out of the request; `prompt_tokens` is an estimate."""

    url: str
    model: str = ""
    prompt_tokens: int = 0
    window: int = 0


# All match at the beginning: an error that quotes the model may have any words later.
_TOO_LONG_PATTERNS = (
    re.compile(r"^request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)"),
    re.compile(r"^input length \((\d+) tokens\) exceeds .*?\((\d+) tokens\)"),
    re.compile(r"^the prompt is longer than the context length|^prompt (is )?too long"),
    re.compile(r"^(the |your )?(prompt|input|request)\b.* exceed.* context length"),
)


def error_from_response(status: int, body: bytes, context: RequestContext) -> OcpError:
    """Return the error that an answer with a status other than 200 means."""
    if status == 403 and not body.strip():
        # Ollama answers so to a Host header that is neither local nor an address.
        return UpstreamRejected(
            f"Ollama does not answer to the host of {context.url!r}.", remedy=_HOST_REMEDY
        )
    text = parse_error_body(body)
    if text is None and body.strip():
        return _error_from_other_server(status, body, context)
    if text is None:
        text = ErrorText(f"status {status}")
    if status == 404 and "not found" in text.words:
        return ModelNotInstalled(context.model)
    return _known_error(text, context) or error_of_status(status, text.words)


def error_from_line(error: Any, context: RequestContext) -> OcpError:
    """Return the error that an `error` line in the middle of a stream means."""
    text = parse_error(error)
    return _known_error(text, context) or error_while_running(text.words)


def _known_error(text: ErrorText, context: RequestContext) -> OcpError | None:
    """Return the error that the words mean, or None if they are not known."""
    return _too_long(text, context) or error_of_words(text.words)


def _too_long(text: ErrorText, context: RequestContext) -> PromptTooLong | None:
    """Return the error of a prompt that is too long: one token less than the window would fit."""
    if text.tokens is not None and text.window is not None:
        return PromptTooLong(text.tokens, text.window - 1)
    for pattern in _TOO_LONG_PATTERNS:
        if match := pattern.search(text.words):
            tokens, window = context.prompt_tokens, context.window
            if pattern.groups == 2:
                tokens, window = int(match[1]), int(match[2])
            return PromptTooLong(max(tokens, window), window - 1)
    return None


def _error_from_other_server(status: int, body: bytes, context: RequestContext) -> OcpError:
    """Return the error of an answer of another server; Ollama writes JSON."""
    words = quoted(body[:_MAX_PAGE_BYTES].decode("utf-8", "replace"))
    if status in {502, 503, 504}:
        return OllamaUnreachable(context.url, f"a gateway answers {status} {words!r}")
    return AnswerUnreadable(f"The server at {context.url!r} is not Ollama: {status} {words!r}.")


class ConnectionFailure(NamedTuple):
    """The errors that an exception of httpx means: before the answer began, and within it."""

    before: type[OcpError]
    within: type[OcpError] = AnswerCutOff


_NO_CONNECTION = ConnectionFailure(OllamaUnreachable)
_CONNECTION_LOST = ConnectionFailure(AnswerCutOff)
_UNREADABLE = ConnectionFailure(AnswerUnreadable, AnswerUnreadable)

# Clearer words for those of httpx.
_CLEARER_WORDS = {"All connection attempts failed": "no connection"}
# httpcore's and h11's words for a connection that closed too early, which is no protocol error.
_CLOSED = re.compile("disconnected without|closed connection|incomplete (chunked read|message)")

# Every exception that a request can raise; its class decides, otherwise the nearest base.
CONNECTION_FAILURES: Mapping[type[httpx.RequestError], ConnectionFailure] = {
    httpx.ConnectError: _NO_CONNECTION,
    httpx.ConnectTimeout: _NO_CONNECTION,
    httpx.PoolTimeout: _NO_CONNECTION,
    httpx.ProxyError: _NO_CONNECTION,
    httpx.UnsupportedProtocol: _NO_CONNECTION,
    httpx.ReadTimeout: _NO_CONNECTION,
    httpx.WriteTimeout: _NO_CONNECTION,
    httpx.ReadError: _CONNECTION_LOST,
    httpx.WriteError: _CONNECTION_LOST,
    httpx.CloseError: _CONNECTION_LOST,
    httpx.RemoteProtocolError: ConnectionFailure(AnswerUnreadable),
    httpx.LocalProtocolError: ConnectionFailure(UpstreamRejected),
    httpx.DecodingError: _UNREADABLE,
    httpx.TooManyRedirects: _UNREADABLE,
    httpx.RequestError: _CONNECTION_LOST,
}


def error_from_exception(
    error: httpx.RequestError, context: RequestContext, *, within: bool
) -> OcpError:
    """Return the error that an exception of httpx means; `within`: the answer had begun."""
    kind = next(base for base in type(error).__mro__ if base in CONNECTION_FAILURES)
    if kind is httpx.RemoteProtocolError and _CLOSED.search(str(error)):
        kind = httpx.ReadError
    before_class, within_class = CONNECTION_FAILURES[kind]
    error_class = within_class if within else before_class
    words = _CLEARER_WORDS.get(str(error)) or quoted(str(error)) or type(error).__name__
    if error_class is OllamaUnreachable:
        return OllamaUnreachable(context.url, words)
    when = "in the middle of its answer" if within else "before it answered"
    return error_class(f"The connection to Ollama at {context.url!r} failed {when}: {words}.")
