"""What Ollama and the network can do wrong, and which of our errors each is.

Three tables: Ollama's words, whatever their status (before the first line an error has one, after
it only the words come); the statuses, for words that nobody knows; and the exceptions of httpx. The
words were recorded from Ollama 0.32.15, read in its source (`server/routes.go`, `server/sched.go`,
`llm/llama_server.go`, `model/parsers/`) or reported for its cloud. Ollama's words always stay in
the message, for they are what one can search for.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx
from msgspec import Struct

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
    SchemaRefused,
    ToolCallUnreadable,
    UpstreamError,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.error_text import Said, quoted, said_in, said_of

# Of a page of HTML; what says who answers is at its top.
_MOST_READ = 2000


class Asked(Struct, frozen=True):
    """What was asked, for what Ollama does not say: the estimated tokens of the prompt, say."""

    url: str
    model: str = ""
    prompt_tokens: int = 0
    window: int = 0


class Rule(NamedTuple):
    """The error that some words mean; the message is `lead: words.` and the remedy."""

    words: str
    error: type[UpstreamError]
    lead: str
    remedy: str | None = None

    def make(self, words: str) -> UpstreamError:
        """Give the error."""
        return self.error(f"{self.lead}: {words}.", remedy=self.remedy)


_CALL = "The model wrote a tool call that Ollama could not read"
_CANNOT = "The model cannot do what was asked"
_LOAD = "Ollama could not load the model"
_STOPPED = "The model stopped while it was running"
_BUSY = "Ollama is busy"
_CLOUD = "Ollama's cloud refused"
_REFUSED = "Ollama refused the request"

_UPDATE = "Update Ollama from https://ollama.com/download, or choose another with `ocp models`."
_FREE_BLOB = "Unload the other model that shares its file: `ollama ps`, then `ollama stop NAME`."
_SCHEMA = "Switch off the tool (of which MCP server?), or choose another model with `ocp models`."
_LATER = "Wait until the limit is lifted, or choose a local model with `ocp models`."
_LOCAL = "Choose a local model with `ocp models`."
_HOST = (
    "Give its address as an IP (`ocp serve --ollama-url http://192.168.1.2:11434`), or start "
    "Ollama with OLLAMA_HOST=0.0.0.0 (and OLLAMA_ORIGINS)."
)

# The first that is found decides. What a parser failed on comes first: it quotes the model, whose
# words could be any of the others.
RULES: Sequence[Rule] = (
    Rule(r"^failed to parse .*JSON|^error parsing tool call", ToolCallUnreadable, _CALL),
    Rule(r"^XML syntax error|^incomplete GLM tool call", ToolCallUnreadable, _CALL),
    Rule(r"returned invalid tool call arguments", ToolCallUnreadable, _CALL),
    Rule(r"does not match the expected peg-", ToolCallUnreadable, _CALL),
    Rule(r"failed to parse input at pos|invalid diff: now finding", ToolCallUnreadable, _CALL),
    Rule(r"^tool '.*' not found$|^EOF$", ToolCallUnreadable, _CALL),
    Rule(r"^invalid character .* (looking for|after|in) ", ToolCallUnreadable, _CALL),
    Rule(r"^unexpected end of JSON", ToolCallUnreadable, _CALL),
    # what the model, or this Ollama, cannot do
    Rule(r"does not support (tools|thinking|chat|generate|insert|embed)", ModelUnusable, _CANNOT),
    Rule(r"does not support (image|multimodal)|image input is not supp", ModelUnusable, _CANNOT),
    Rule(r"tools param requires --jinja", ModelUnusable, _CANNOT, _FREE_BLOB),
    Rule(r"unknown model arch|requires a newer version", ModelUnusable, _CANNOT, _UPDATE),
    Rule(r"generate parser for this template|schema conversion", SchemaRefused, _REFUSED, _SCHEMA),
    Rule(r"cannot unmarshal .* ToolFunction", UpstreamRejected, _REFUSED, _SCHEMA),
    # loading
    Rule(r"process has terminated|out-of-memory during startup", ModelLoadFailed, _LOAD),
    Rule(r"timed out waiting for llama|requires more system memory", ModelLoadFailed, _LOAD),
    Rule(r"out of memory|cudaMalloc failed|unable to allocate", ModelLoadFailed, _LOAD),
    Rule(r"(unable to load|failed to load|error loading) (the )?model", ModelLoadFailed, _LOAD),
    # running
    Rule(r"model runner has unexpectedly stopped|no longer running", RunnerStopped, _STOPPED),
    Rule(r"error was encountered while running the model", RunnerStopped, _STOPPED),
    Rule(r"llama-server chat error|^compute error", RunnerStopped, _STOPPED),
    Rule(r"^internal server error", RunnerStopped, _STOPPED),
    # waiting
    Rule(r"server (busy|overloaded)|maximum pending requests", OllamaBusy, _BUSY),
    Rule(r"^loading model|request cancell?ed|context cancell?ed", OllamaBusy, _BUSY),
    Rule(r"temporarily unavailable|too many .*requests|rate limit", OllamaBusy, _BUSY),
    # the cloud
    Rule(r"usage limit|quota", CloudRefused, _CLOUD, _LATER),
    Rule(r"subscription|cloud is disabled|upgrade for", CloudRefused, _CLOUD, _LOCAL),
    Rule(r"unauthorized|sign ?in\b", CloudRefused, _CLOUD),
    # what is wrong in the request, though the status is 500
    Rule(r"^option .* must be of type|^invalid format", UpstreamRejected, _REFUSED),
)

_OTHER = Rule("", UpstreamRejected, _REFUSED)
_REFUSING_CLOUD = Rule("", CloudRefused, _CLOUD)
_STRANGER = Rule("", AnswerUnreadable, "What answers is no Ollama, or a very old one")
_WAITING = Rule("", OllamaBusy, _BUSY)
_RUNNING = Rule("", RunnerStopped, _STOPPED)

# For words that no rule knows; any other status is an answer of no use to try again.
STATUSES: Mapping[int, Rule] = {
    401: _REFUSING_CLOUD,
    402: _REFUSING_CLOUD,
    403: _REFUSING_CLOUD,
    404: _STRANGER,
    405: _STRANGER,
    408: _WAITING,
    429: _WAITING,
    499: _WAITING,
    501: _STRANGER,
    502: Rule("", OllamaBusy, "Ollama cannot reach its cloud"),
    503: _WAITING,
    504: _WAITING,
}

# All from the beginning: an error that quotes the model may hold any words further on.
_TOO_LONG = (
    re.compile(r"^request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)"),
    re.compile(r"^input length \((\d+) tokens\) exceeds .*?\((\d+) tokens\)"),
    re.compile(r"^the prompt is longer than the context length|^prompt (is )?too long"),
    re.compile(r"^(the |your )?(prompt|input|request)\b.* exceed.* context length"),
)


def from_answer(status: int, body: bytes, asked: Asked) -> OcpError:
    """Give the error that an answer with a status other than 200 means."""
    if status == 403 and not body.strip():
        # Ollama answers so to a Host header that is neither local nor an address.
        return UpstreamRejected(
            f"Ollama does not answer to the host of {asked.url!r}.", remedy=_HOST
        )
    said = said_in(body)
    if said is None and body.strip():
        return _from_stranger(status, body, asked)
    if said is None:
        said = Said(f"status {status}")
    if status == 404 and "not found" in said.words:
        return ModelNotInstalled(asked.model)
    return _known(said, asked) or STATUSES.get(status, _OTHER).make(said.words)


def from_line(error: Any, asked: Asked) -> OcpError:
    """Give the error that an `error` line in the middle of a stream means."""
    said = said_of(error)
    return _known(said, asked) or _RUNNING.make(said.words)


def _known(said: Said, asked: Asked) -> OcpError | None:
    """Give the error that the words mean, or None where nobody knows them."""
    if too_long := _too_long(said, asked):
        return too_long
    for rule in RULES:
        if re.search(rule.words, said.words, re.IGNORECASE):
            return rule.make(said.words)
    return None


def _too_long(said: Said, asked: Asked) -> PromptTooLong | None:
    """Give the error of a prompt that does not fit: it may have one token less than the window."""
    if said.tokens is not None and said.window is not None:
        return PromptTooLong(said.tokens, said.window - 1)
    for pattern in _TOO_LONG:
        if found := pattern.search(said.words):
            tokens, window = asked.prompt_tokens, asked.window
            if pattern.groups == 2:
                tokens, window = int(found[1]), int(found[2])
            return PromptTooLong(max(tokens, window), window - 1)
    return None


def _from_stranger(status: int, body: bytes, asked: Asked) -> OcpError:
    """Give the error of an answer that Ollama did not write: it writes JSON."""
    words = quoted(body[:_MOST_READ].decode("utf-8", "replace"))
    if status in {502, 503, 504}:
        return OllamaUnreachable(asked.url, f"a gateway answers {status} {words!r}")
    return AnswerUnreadable(f"What answers at {asked.url!r} is no Ollama: {status} {words!r}.")


class Broken(NamedTuple):
    """The errors that an exception of httpx means: before the answer began, and within it."""

    before: type[OcpError]
    within: type[OcpError] = AnswerCutOff


_NO_CONNECTION = Broken(OllamaUnreachable)
_LOST = Broken(AnswerCutOff)
_NONSENSE = Broken(AnswerUnreadable, AnswerUnreadable)

# Every exception that a request can raise; the class itself decides, else the nearest of its bases.
# httpx's words that say nothing to a person.
_WORDS = {"All connection attempts failed": "no connection"}
# httpcore's and h11's words for a connection that closed too early, which is no protocol error.
_CLOSED = re.compile("disconnected without|closed connection|incomplete (chunked read|message)")

EXCEPTIONS: Mapping[type[httpx.RequestError], Broken] = {
    httpx.ConnectError: _NO_CONNECTION,
    httpx.ConnectTimeout: _NO_CONNECTION,
    httpx.PoolTimeout: _NO_CONNECTION,
    httpx.ProxyError: _NO_CONNECTION,
    httpx.UnsupportedProtocol: _NO_CONNECTION,
    httpx.ReadTimeout: _NO_CONNECTION,
    httpx.WriteTimeout: _NO_CONNECTION,
    httpx.ReadError: _LOST,
    httpx.WriteError: _LOST,
    httpx.CloseError: _LOST,
    httpx.RemoteProtocolError: Broken(AnswerUnreadable),
    httpx.LocalProtocolError: Broken(UpstreamRejected),
    httpx.DecodingError: _NONSENSE,
    httpx.TooManyRedirects: _NONSENSE,
    httpx.RequestError: _LOST,
}


def from_exception(error: httpx.RequestError, asked: Asked, *, within: bool) -> OcpError:
    """Give the error that an exception of httpx means; `within`: the answer had begun."""
    kind = next(base for base in type(error).__mro__ if base in EXCEPTIONS)
    if kind is httpx.RemoteProtocolError and _CLOSED.search(str(error)):
        kind = httpx.ReadError
    before_class, within_class = EXCEPTIONS[kind]
    make = within_class if within else before_class
    words = _WORDS.get(str(error)) or quoted(str(error)) or type(error).__name__
    if make is OllamaUnreachable:
        return OllamaUnreachable(asked.url, words)
    when = "in the middle of its answer" if within else "before it answered"
    return make(f"The connection to Ollama at {asked.url!r} failed {when}: {words}.")
