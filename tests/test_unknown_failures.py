"""What Ollama says in words that nobody knows: the default errors, with status and remedy."""

import json
from typing import Any

import pytest

from ollama_claude_proxy.errors import OcpError, PromptTooLong, RunnerStopped, UpstreamRejected
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_line,
    error_from_response,
)

ASKED = RequestContext("http://127.0.0.1:11434", "m", prompt_tokens=700, window=512)

REFUSED = "Ollama refused the request: What?. Check the set-up with `ocp doctor`."
CLOUD = (
    "Ollama's cloud refused: What?. Sign in with `ollama signin`, or choose a local model with "
    "`ocp models`."
)
STRANGER = (
    "The server is not Ollama, or is a very old one: What?. Try again, or check the address and "
    "the model with `ocp doctor`."
)
BUSY = "Ollama is busy: What?. The request is retried in a few seconds."
NO_CLOUD = "Ollama cannot reach its cloud: What?. The request is retried in a few seconds."
STOPPED = (
    "The model stopped while it was running: What?. The next request loads it again; if that keeps "
    "happening, see the log of `ollama serve`."
)
STATUSES: dict[str, list[int]] = {
    REFUSED: [301, 400, 413, 418, 451, 500, 505, 599],
    CLOUD: [401, 402, 403],
    STRANGER: [404, 405, 501],
    BUSY: [408, 429, 499, 503, 504],
    NO_CLOUD: [502],
}
# The status that the client gets, the type, and the seconds after which it may retry.
SENT: dict[str, tuple[int, str, int | None]] = {
    REFUSED: (400, "policy_blocked", None),
    CLOUD: (400, "policy_blocked", None),
    STRANGER: (502, "api_error", None),
    BUSY: (529, "overloaded_error", 5),
    NO_CLOUD: (529, "overloaded_error", 5),
    STOPPED: (529, "overloaded_error", 2),
}


def refused(status: int, error: Any) -> OcpError:
    return error_from_response(status, json.dumps({"error": error}).encode(), ASKED)


def sent(error: OcpError) -> tuple[int, str, int | None]:
    return error.status, error.type, error.retry_after


@pytest.mark.parametrize(
    ("status", "message"), [(one, text) for text, statuses in STATUSES.items() for one in statuses]
)
def test_a_refusal_comes_with_the_remedy_of_its_status(status: int, message: str) -> None:
    error = refused(status, "What?")
    assert error.message == message
    assert sent(error) == SENT[message]


@pytest.mark.parametrize("said", ["What?", "What?.", {"message": "What?"}])
def test_a_line_in_the_middle_of_a_stream_means_that_the_model_stopped(said: Any) -> None:
    error = error_from_line(said, ASKED)
    assert error.message == STOPPED
    assert sent(error) == SENT[STOPPED]


@pytest.mark.parametrize("status", [400, 418, 500, 599])
def test_a_refusal_without_words_names_its_status(status: int) -> None:
    error = error_from_response(status, b"", ASKED)
    assert error.message == REFUSED.replace("What?", f"status {status}")


# The one count without the other, and one that is no count.
COUNTS: list[dict[str, Any]] = [
    {"n_prompt_tokens": 628},
    {"n_ctx": 512},
    {"n_prompt_tokens": 628, "n_ctx": None},
    {"n_prompt_tokens": None, "n_ctx": 512},
    {"n_prompt_tokens": "628", "n_ctx": "512"},
]


@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_one_count_without_the_other_is_no_prompt_that_is_too_long(counts: dict[str, Any]) -> None:
    error = {"code": 400, "message": "What?", **counts}
    assert type(refused(400, error)) is UpstreamRejected
    assert type(refused(400, json.dumps({"error": error}))) is UpstreamRejected
    assert type(error_from_line(error, ASKED)) is RunnerStopped


@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_where_the_words_say_it_the_estimate_stands_in(counts: dict[str, Any]) -> None:
    error = {"code": 400, "message": "prompt too long", **counts}
    for failure in (refused(400, error), error_from_line(error, ASKED)):
        assert isinstance(failure, PromptTooLong)
        assert failure.message == "prompt is too long: 700 tokens > 511 maximum"
