"""Which of our errors an error of Ollama's is, by its words or its status.

Two tables: Ollama's words, whatever their status (before the first line of a stream an error has
one, after it only words come); and the statuses, for unknown words. The words were recorded from
Ollama 0.32.15, read in its source (`server/routes.go`, `server/sched.go`, `llm/llama_server.go`,
`model/parsers/`) or reported for its cloud. Ollama's words always stay in the message, so that one
can search for them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ollama_claude_proxy.errors import (
    AnswerUnreadable,
    CloudRefused,
    ModelLoadFailed,
    ModelUnusable,
    OllamaBusy,
    RunnerStopped,
    SchemaRefused,
    ToolCallUnreadable,
    UpstreamError,
    UpstreamRejected,
)


class ErrorRule(NamedTuple):
    """The error that matches a `pattern` of words; its message is `lead: words.` and the remedy."""

    pattern: str
    error: type[UpstreamError]
    lead: str
    remedy: str | None = None

    def make_error(self, words: str) -> UpstreamError:
        """Return the error with these words."""
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
_SCHEMA = "Switch off the tool or its MCP server, or choose another model with `ocp models`."
_LATER = "Wait until the limit is lifted, or choose a local model with `ocp models`."
_LOCAL = "Choose a local model with `ocp models`."


def _rules(error: type[UpstreamError], lead: str, *patterns: str) -> Iterator[ErrorRule]:
    return (ErrorRule(pattern, error, lead) for pattern in patterns)


# The first match decides. What a parser failed on comes first: it quotes the model, whose words
# could match any of the others.
ERROR_RULES: Sequence[ErrorRule] = (
    *_rules(
        ToolCallUnreadable,
        _CALL,
        r"^failed to parse .*JSON|^error parsing tool call",
        r"^XML syntax error|^incomplete GLM tool call",
        r"returned invalid tool call arguments",
        r"does not match the expected peg-",
        r"failed to parse input at pos|invalid diff: now finding",
        r"^tool '.*' not found$|^EOF$",
        r"^invalid character .* (looking for|after|in) ",
        r"^unexpected end of JSON",
    ),
    # what the model, or this Ollama, cannot do
    *_rules(
        ModelUnusable,
        _CANNOT,
        r"does not support (tools|thinking|chat|generate|insert|embed)",
        r"does not support (image|multimodal)|image input is not supp",
    ),
    ErrorRule(r"tools param requires --jinja", ModelUnusable, _CANNOT, _FREE_BLOB),
    ErrorRule(r"unknown model arch|requires a newer version", ModelUnusable, _CANNOT, _UPDATE),
    ErrorRule(
        r"generate parser for this template|schema conversion", SchemaRefused, _REFUSED, _SCHEMA
    ),
    ErrorRule(r"cannot unmarshal .* ToolFunction", UpstreamRejected, _REFUSED, _SCHEMA),
    *_rules(
        ModelLoadFailed,
        _LOAD,
        r"process has terminated|out-of-memory during startup",
        r"timed out waiting for llama|requires more system memory",
        r"out of memory|cudaMalloc failed|unable to allocate",
        r"(unable to load|failed to load|error loading) (the )?model",
    ),
    *_rules(
        RunnerStopped,
        _STOPPED,
        r"model runner has unexpectedly stopped|no longer running",
        r"error was encountered while running the model",
        r"llama-server chat error|^compute error",
        r"^internal server error",
    ),
    *_rules(
        OllamaBusy,
        _BUSY,
        r"server (busy|overloaded)|maximum pending requests",
        r"^loading model|request cancell?ed|context cancell?ed",
        r"temporarily unavailable|too many .*requests|rate limit",
    ),
    ErrorRule(r"usage limit|quota", CloudRefused, _CLOUD, _LATER),
    ErrorRule(r"subscription|cloud is disabled|upgrade for", CloudRefused, _CLOUD, _LOCAL),
    ErrorRule(r"unauthorized|sign ?in\b", CloudRefused, _CLOUD),
    # what is wrong in the request, though the status is 500
    ErrorRule(r"^option .* must be of type|^invalid format", UpstreamRejected, _REFUSED),
)

_OTHER_STATUS = ErrorRule("", UpstreamRejected, _REFUSED)
_CLOUD_REFUSES = ErrorRule("", CloudRefused, _CLOUD)
_NOT_OLLAMA = ErrorRule("", AnswerUnreadable, "The server is not Ollama, or is a very old one")
_MUST_WAIT = ErrorRule("", OllamaBusy, _BUSY)
_WHILE_RUNNING = ErrorRule("", RunnerStopped, _STOPPED)

# For words that match no rule; with any other status it is useless to try again.
STATUS_RULES: Mapping[int, ErrorRule] = {
    401: _CLOUD_REFUSES,
    402: _CLOUD_REFUSES,
    403: _CLOUD_REFUSES,
    404: _NOT_OLLAMA,
    405: _NOT_OLLAMA,
    408: _MUST_WAIT,
    429: _MUST_WAIT,
    499: _MUST_WAIT,
    501: _NOT_OLLAMA,
    502: ErrorRule("", OllamaBusy, "Ollama cannot reach its cloud"),
    503: _MUST_WAIT,
    504: _MUST_WAIT,
}


def error_of_words(words: str) -> UpstreamError | None:
    """Return the error that the words mean, or None if they match no rule."""
    for rule in ERROR_RULES:
        if re.search(rule.pattern, words, re.IGNORECASE):
            return rule.make_error(words)
    return None


def error_of_status(status: int, words: str) -> UpstreamError:
    """Return the error of a status, for words that match no rule."""
    return STATUS_RULES.get(status, _OTHER_STATUS).make_error(words)


def error_while_running(words: str) -> UpstreamError:
    """Return the error of an error line within a stream, for words that match no rule."""
    return _WHILE_RUNNING.make_error(words)
