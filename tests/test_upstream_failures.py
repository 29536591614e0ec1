"""Error answers of Ollama, by their text and status, become the right error."""

import json
from typing import Any

import pytest

from ollama_claude_proxy.errors import (
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
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_line,
    error_from_response,
)

URL = "http://127.0.0.1:11434"
CONTEXT = RequestContext(URL, "qwen2.5-coder:7b", prompt_tokens=700, window=512)


def classify(status: int, text: str) -> OcpError:
    return error_from_response(status, json.dumps({"error": text}).encode(), CONTEXT)


def llama_server_error(code: int, message: str, **fields: Any) -> str:
    return json.dumps({"error": {"code": code, "message": message, **fields}})


ERRORS: list[tuple[int, str, type[OcpError]]] = [
    (400, '"nomic-embed-text" does not support chat', ModelUnusable),
    (400, "this model does not support image input", ModelUnusable),
    (400, "this model does not support embeddings", ModelUnusable),
    (412, "pull model manifest: 412: requires a newer version of Ollama", ModelUnusable),
    (500, "error loading model architecture: unknown model architecture: 'new'", ModelUnusable),
    (500, llama_server_error(500, "tools param requires --jinja flag"), ModelUnusable),
    (500, "llama-server process has terminated: exit status 1", ModelLoadFailed),
    (500, "llama-server reported out-of-memory during startup: CUDA0", ModelLoadFailed),
    (500, "timed out waiting for llama-server to start - progress 0.00 - ", ModelLoadFailed),
    (
        500,
        "model requires more system memory (9.0 GiB) than is available (4.0 GiB)",
        ModelLoadFailed,
    ),
    (500, "unable to load model: /models/blobs/sha256-1", ModelLoadFailed),
    (500, "cudaMalloc failed: out of memory", ModelLoadFailed),
    (
        500,
        "model runner has unexpectedly stopped, this may be due to resource limitations",
        RunnerStopped,
    ),
    (
        500,
        "an error was encountered while running the model: unexpected EOF",
        RunnerStopped,
    ),
    (500, llama_server_error(500, "Compute error."), RunnerStopped),
    (500, "Internal Server Error (ref: 1234)", RunnerStopped),
    (503, "server busy, please try again.  maximum pending requests exceeded", OllamaBusy),
    (503, llama_server_error(503, "Loading model"), OllamaBusy),
    (503, "Server overloaded, please retry shortly (ref: 1234)", OllamaBusy),
    (499, "request canceled", OllamaBusy),
    (429, "too many concurrent requests", OllamaBusy),
    (429, "you (someone) have reached your session usage limit, please wait", CloudRefused),
    (403, "this model requires a subscription, upgrade for access: https://x", CloudRefused),
    (402, "your subscription payment is past due", CloudRefused),
    (401, "unauthorized", CloudRefused),
    (404, "model 'x' not found", ModelNotInstalled),
    (404, 'model "x" not found, try pulling it first', ModelNotInstalled),
    (500, "The model output does not match the expected peg-gemma4 format", ToolCallUnreadable),
    (500, "failed to parse JSON: no support for server busy", ToolCallUnreadable),
    (500, "error parsing tool call: raw='sign in', err=unexpected end", ToolCallUnreadable),
    (
        500,
        "error parsing tool call: raw='the prompt is longer than the context length', err=EOF",
        ToolCallUnreadable,
    ),
    (500, "EOF", ToolCallUnreadable),
    (400, "unexpected EOF", UpstreamRejected),
    (500, 'option "num_ctx" must be of type integer', UpstreamRejected),
    (
        400,
        llama_server_error(400, "Unable to generate parser for this template. JSON schema error"),
        SchemaRefused,
    ),
]


@pytest.mark.parametrize(
    ("status", "text", "error_type"), ERRORS, ids=[case[1][:40] for case in ERRORS]
)
def test_ollamas_error_text_decides_and_stays_in_the_message(
    status: int, text: str, error_type: type[OcpError]
) -> None:
    error = classify(status, text)
    assert type(error) is error_type
    innermost = json.loads(text)["error"]["message"] if text.startswith("{") else text
    if error_type is not ModelNotInstalled:
        assert " ".join(innermost.split()).rstrip(".") in error.message


MIDSTREAM: list[tuple[Any, type[OcpError]]] = [
    ("XML syntax error on line 5: element <parameter> closed by </function>", ToolCallUnreadable),
    ("tool 'WebSearch' not found", ToolCallUnreadable),
    ("llama-server chat error: map[code:500 message:scripted type:server_error]", RunnerStopped),
    (llama_server_error(400, "x", n_prompt_tokens=9, n_ctx=8), PromptTooLong),
    ("unauthorized", CloudRefused),
    ("something quite new", RunnerStopped),
    ({"code": 500, "message": "something quite new"}, RunnerStopped),
    ({"new": ["form"]}, RunnerStopped),
    (7, RunnerStopped),
    ("", RunnerStopped),
]


@pytest.mark.parametrize(
    ("text", "error_type"), MIDSTREAM, ids=[str(case[0])[:40] for case in MIDSTREAM]
)
def test_an_error_line_without_a_status_is_classified_by_its_text(
    text: Any, error_type: type[OcpError]
) -> None:
    assert type(error_from_line(text, CONTEXT)) is error_type


STATUSES: dict[int, type[OcpError]] = {
    400: UpstreamRejected,
    401: CloudRefused,
    402: CloudRefused,
    403: CloudRefused,
    404: AnswerUnreadable,
    405: AnswerUnreadable,
    408: OllamaBusy,
    413: UpstreamRejected,
    418: UpstreamRejected,
    429: OllamaBusy,
    499: OllamaBusy,
    500: UpstreamRejected,
    501: AnswerUnreadable,
    502: OllamaBusy,
    503: OllamaBusy,
    504: OllamaBusy,
    599: UpstreamRejected,
}


@pytest.mark.parametrize(("status", "error_type"), STATUSES.items())
def test_an_unknown_error_text_is_classified_by_its_status(
    status: int, error_type: type[OcpError]
) -> None:
    error = classify(status, "a thing never heard of")
    assert type(error) is error_type
    assert "a thing never heard of" in error.message


@pytest.mark.parametrize("body", [b"", b"<h1>nginx</h1>", b"[1]", b'"x"', b"{}", b"null", b"\xff"])
@pytest.mark.parametrize("status", [301, *STATUSES])
def test_any_body_of_any_status_is_a_readable_error(status: int, body: bytes) -> None:
    error = error_from_response(status, body, CONTEXT)
    assert len(error.message) > 20
    assert error.advice


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_error_of_a_gateway_means_that_ollama_is_down(status: int) -> None:
    error = error_from_response(status, b"<html><h1>Bad Gateway</h1></html>", CONTEXT)
    assert type(error) is OllamaUnreachable
    assert "Bad Gateway" in error.message


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 500])
def test_an_error_page_that_is_not_ollamas_is_reported_as_such(status: int) -> None:
    error = error_from_response(status, b"<html><h1>Router login</h1></html>", CONTEXT)
    assert type(error) is AnswerUnreadable
    assert "Router login" in error.message
    assert URL in error.message


def test_a_foreign_host_name_has_its_own_remedy() -> None:
    error = error_from_response(403, b"", CONTEXT)
    assert type(error) is UpstreamRejected
    assert "OLLAMA_HOST=0.0.0.0" in error.message
    assert "--ollama-url" in error.message


def test_two_names_of_one_file_have_their_own_remedy() -> None:
    assert "ollama stop" in classify(500, "tools param requires --jinja flag").message


def test_the_sign_in_address_is_in_the_message() -> None:
    body = b'{"error":"unauthorized","signin_url":"https://ollama.com/connect?name=x"}'
    error = error_from_response(401, body, CONTEXT)
    assert type(error) is CloudRefused
    assert "https://ollama.com/connect?name=x" in error.message
    assert "ollama signin" in error.message


TOO_LONG: dict[str, tuple[str, str]] = {
    "llama-server": (
        llama_server_error(
            400,
            "request (628 tokens) exceeds the available context size (512 tokens), try",
            type="exceed_context_size_error",
            n_prompt_tokens=628,
            n_ctx=512,
        ),
        "628 tokens > 511 maximum",
    ),
    "llama-server in other words": (
        llama_server_error(400, "much too long", n_prompt_tokens=628, n_ctx=512),
        "628 tokens > 511 maximum",
    ),
    "llama-server without fields": (
        "request (628 tokens) exceeds the available context size (512 tokens), try",
        "628 tokens > 511 maximum",
    ),
    "MLX": (
        "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)",
        "9000 tokens > 8191 maximum",
    ),
    "no numbers": (
        "the prompt is longer than the context length currently available to the model; shorten",
        "700 tokens > 511 maximum",
    ),
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_the_error_of_a_prompt_that_is_too_long_makes_the_client_compact(
    name: str,
) -> None:
    text, numbers = TOO_LONG[name]
    assert classify(400, text).message == f"prompt is too long: {numbers}"
    assert error_from_line(text, CONTEXT).message == f"prompt is too long: {numbers}"


def test_an_estimate_below_the_window_never_contradicts_ollama() -> None:
    context = RequestContext(URL, "m", prompt_tokens=100, window=512)
    text = "the prompt is longer than the context length currently available to the model"
    assert error_from_line(text, context).message == "prompt is too long: 512 tokens > 511 maximum"


def test_error_texts_are_shortened_and_made_printable() -> None:
    error = classify(500, "bad\nnews \x1b[31m" + "x" * 5000)
    assert "bad news �[31mxxx" in error.message
    assert "x…." in error.message
    assert len(error.message) < 700
