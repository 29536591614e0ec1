"""What Ollama and the network can do wrong, and which of our errors each is.

One table for Ollama's words, whatever their status (before the first line an error has one, after
it only the words come), one for the statuses whose words nobody knows, and one for the exceptions
of httpx. The words were recorded from Ollama 0.32.15 or read in its source (`server/routes.go`,
`server/sched.go`, `llm/llama_server.go`, `model/parsers/`). Some errors are JSON inside a string,
where llama-server's own answer was passed on: they are unwrapped once. Ollama's words always stay
in the message, for they are what one can search for.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    AnswerUnreadable,
    CloudRefused,
    ModelLoadFailed,
    ModelNotInstalled,
    ModelUnusable,
    OcpError,
    OllamaBusy,
    OllamaUnreachable,
    PromptTooLong,
    RunnerStopped,
    ToolCallUnreadable,
    UpstreamRejected,
)

# Enough for any sentence of Ollama's; a page of HTML or a whole lost answer would hide the remedy.
_MOST_QUOTED = 500

_FREE_BLOB = "Unload the other model that shares its file: `ollama ps`, then `ollama stop NAME`."
_HOST = "Set OLLAMA_ORIGINS, or give Ollama's address as an IP: `ocp serve --ollama-url URL`."

_Make = Callable[[str], OcpError]


def _unusable(said: str) -> OcpError:
    return ModelUnusable(f"Ollama says: {said}.")


def _shared_blob(said: str) -> OcpError:
    return ModelUnusable(f"Ollama says: {said}.", remedy=_FREE_BLOB)


def _load_failed(said: str) -> OcpError:
    return ModelLoadFailed(f"Ollama could not load the model: {said}.")


def _stopped(said: str) -> OcpError:
    return RunnerStopped(f"The model stopped while it was running: {said}.")


def _busy(said: str) -> OcpError:
    return OllamaBusy(f"Ollama is busy: {said}.")


def _call_unreadable(said: str) -> OcpError:
    return ToolCallUnreadable(f"The model wrote a tool call that Ollama could not read: {said}.")


def _cloud(said: str) -> OcpError:
    return CloudRefused(f"Ollama's cloud refused: {said}.")


def _rejected(said: str) -> OcpError:
    return UpstreamRejected(f"Ollama refused the request: {said}.")


def _foreign_host(_said: str) -> OcpError:
    return UpstreamRejected("Ollama does not answer for this host name.", remedy=_HOST)


# The first pattern that is found decides.
WORDS: Sequence[tuple[str, _Make]] = (
    # what the model cannot do
    (r"does not support (tools|thinking|chat|generate|insert)", _unusable),
    (r"does not support (image|multimodal)|image input is not supported", _unusable),
    (r"tools param requires --jinja", _shared_blob),
    (r"does not support embeddings", _unusable),
    # a call that a parser could not read
    (r"failed to parse .*JSON|error parsing tool call|XML syntax error", _call_unreadable),
    (r"incomplete GLM tool call|invalid tool call arguments", _call_unreadable),
    (r"does not match the expected peg", _call_unreadable),
    (
        r"^tool '.*' not found$|^EOF$|looking for beginning of|^unexpected end of JSON",
        _call_unreadable,
    ),
    # loading and running
    (r"process has terminated|out-of-memory during startup|out of memory", _load_failed),
    (r"timed out waiting for llama|requires more system memory|unable to load model", _load_failed),
    (r"model runner has unexpectedly stopped", _stopped),
    (r"error was encountered while running the model", _stopped),
    (r"llama-server chat error|Compute error", _stopped),
    # waiting
    (r"server busy|maximum pending requests|Loading model|request canceled", _busy),
    # the cloud
    (r"unauthorized|sign ?in|subscription|usage limit|quota", _cloud),
)

STATUSES: dict[int, _Make] = {
    400: _rejected,
    401: _cloud,
    402: _cloud,
    403: _foreign_host,
    408: _busy,
    429: _busy,
    499: _busy,
    500: _stopped,
    502: _stopped,
    503: _busy,
    504: _busy,
}

_COUNTED = (
    re.compile(r"request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)"),
    re.compile(r"input length \((\d+) tokens\) exceeds .*?\((\d+) tokens\)"),
)
_UNCOUNTED = re.compile(r"prompt is longer than the context length|exceeds the context length")


def from_answer(
    status: int, body: bytes, *, model: str, prompt_tokens: int, window: int
) -> OcpError:
    """Give the error that an answer with a status other than 200 means.

    `model`, the estimated `prompt_tokens` and the `window` of the request fill in what Ollama does
    not say.
    """
    said = spoken(body)
    if status == 404 and "not found" in said and "page" not in said:
        return ModelNotInstalled(model)
    if status == 403 and not said:
        return _foreign_host("")
    if status in {404, 405, 501}:
        return AnswerUnreadable(f"What answers is no Ollama: {status} {said!r}.")
    return from_words(said, prompt_tokens=prompt_tokens, window=window) or STATUSES.get(
        status, _rejected
    )(said or f"status {status}")


def from_line(error: Any, *, prompt_tokens: int, window: int) -> OcpError:
    """Give the error that an `error` line in the middle of a stream means."""
    said = _unwrapped(error)
    return from_words(said, prompt_tokens=prompt_tokens, window=window) or _stopped(said)


def from_words(said: str, *, prompt_tokens: int, window: int) -> OcpError | None:
    """Give the error that Ollama's words mean, or None where nobody knows them."""
    for counted in _COUNTED:
        if found := counted.search(said):
            # A prompt fits when it has at most one token less than the window.
            return PromptTooLong(int(found[1]), int(found[2]) - 1)
    if _UNCOUNTED.search(said):
        return PromptTooLong(max(prompt_tokens, window), window - 1)
    for pattern, make in WORDS:
        if re.search(pattern, said, re.IGNORECASE):
            return make(said)
    return None


def spoken(body: bytes) -> str:
    """Give what an error body says: the innermost message, or the text as it is."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return _shortened(body.decode("utf-8", "replace").strip())
    return _unwrapped(answer.get("error", answer) if isinstance(answer, dict) else answer)


def _unwrapped(error: Any) -> str:
    """Unwrap llama-server's own answer, which comes as JSON inside a string."""
    if isinstance(error, str) and error.startswith("{"):
        try:
            error = msgspec.json.decode(error)
        except msgspec.DecodeError:
            return _shortened(error)
    if isinstance(error, dict):
        inner = error.get("error", error)
        error = inner.get("message", inner) if isinstance(inner, dict) else inner
    return _shortened(error if isinstance(error, str) else msgspec.json.encode(error).decode())


def _shortened(text: str) -> str:
    text = text.strip().rstrip(".")
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"


# Before the headers came; every class of httpx that a request can raise is a subclass of one.
BEFORE: Sequence[tuple[type[httpx.HTTPError], str]] = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.PoolTimeout, "no free connection"),
    (httpx.TimeoutException, "it took too long"),
    (httpx.ConnectError, "connection refused"),
    (httpx.ProxyError, "a proxy refused"),
    (httpx.UnsupportedProtocol, "the address must begin with http:// or https://"),
    (httpx.TransportError, "the connection broke"),
    (httpx.DecodingError, "its answer could not be read"),
    (httpx.TooManyRedirects, "it redirects for ever"),
    (httpx.HTTPError, "it failed"),
)


def from_exception(error: httpx.HTTPError, url: str, *, answering: bool) -> OcpError:
    """Give the error that an exception of httpx means; `answering`: the headers had come."""
    detail = next(words for kind, words in BEFORE if isinstance(error, kind))
    said = str(error)
    if answering and isinstance(error, httpx.DecodingError):
        return AnswerUnreadable(f"Ollama's answer could not be read: {said}.")
    if answering:
        return AnswerCutOff(f"The connection to Ollama broke in the middle of an answer: {said}.")
    return OllamaUnreachable(url, detail)
