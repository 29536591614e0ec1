"""Everything that Ollama and httpx are known to do wrong has its error, and none is forgotten."""

import json
from typing import Any

import httpx
import pytest

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
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.failures import (
    Asked,
    from_answer,
    from_exception,
    from_line,
)
from support.recordings import transcripts

URL = "http://127.0.0.1:11434"
ASKED = Asked(URL, "qwen2.5-coder:7b", prompt_tokens=700, window=512)


def refused(status: int, words: str) -> OcpError:
    return from_answer(status, json.dumps({"error": words}).encode(), ASKED)


def nested(code: int, message: str, **more: Any) -> str:
    return json.dumps({"error": {"code": code, "message": message, **more}})


def failing(transcript: dict[str, Any]) -> bool:
    lines = transcript["body_lines"]
    return transcript["status"] != 200 or (bool(lines) and "error" in json.loads(lines[-1]))


# What each recorded failure of a real Ollama 0.32.15 is.
RECORDED: dict[type[OcpError], list[str]] = {
    PromptTooLong: [
        "go-over-notrunc",
        "go-over-notrunc-nostream",
        "go-over-one-noshift",
        "nat-over-notrunc",
        "nat-over-one",
        "nat-over-one-noshift",
    ],
    ModelUnusable: [
        "err-embed",
        "err-image",
        "err-image-garbage",
        "err-image-native",
        "err-think-nothink",
        "nat-think",
        "run-shared-blob",
        "smol-think",
        "smol-tools",
    ],
    ModelNotInstalled: ["err-not-found", "err-show-missing"],
    AnswerUnreadable: ["err-get", "err-nopath"],
    OllamaBusy: ["run-503", "run-queue-full"],
    RunnerStopped: [
        "run-500",
        "run-die",
        "run-die-first",
        "run-die-native",
        "run-die-nostream",
        "run-error-native",
        "run-error-native-nostream",
    ],
    ToolCallUnreadable: [
        "glm-cut",
        "lag-bad",
        "mis-bad",
        "mis-unknown",
        "nat-badjson",
        "nat-badjson-nostream",
        "nat-cut",
        "nat-cut-nostream",
        "nat-text-after",
        "nat-unknown",
        "oss-bad",
        "oss-bad-nostream",
        "oss-cut",
        "oss-two",
        "q35-bad",
        "q35-bad-nostream",
        "q3c-control",
        "q3c-json",
        "q3c-nested-close",
        "q3c-unclosed-param",
        "q3c-unclosed-param-nostream",
        "qwen3-argstring",
        "qwen3-badjson",
        "qwen3-badjson-first",
        "qwen3-badjson-nostream",
    ],
    SchemaRefused: [
        "err-format-schema-bad",
        "err-format-schema-bad-native",
        "err-format-schema-type",
        "nat-schema-null",
        "nat-schema-ref",
    ],
}
NAMED = {name: kind for kind, names in RECORDED.items() for name in names}
FAILING = {name: one for name, one in transcripts().items() if failing(one)}


@pytest.mark.parametrize("name", FAILING)
def test_every_recorded_failure_is_the_right_error(name: str) -> None:
    transcript = FAILING[name]
    last = transcript["body_lines"][-1]
    if transcript["status"] == 200:
        error = from_line(json.loads(last)["error"], ASKED)
    else:
        error = from_answer(transcript["status"], last.encode(), ASKED)
    assert type(error) is NAMED.get(name, UpstreamRejected)
    assert error.advice or isinstance(error, PromptTooLong)


def test_no_recorded_failure_is_listed_that_is_not_there() -> None:
    assert set(NAMED) <= set(FAILING)


SAID: list[tuple[int, str, type[OcpError]]] = [
    (400, '"nomic-embed-text" does not support chat', ModelUnusable),
    (400, "this model does not support image input", ModelUnusable),
    (400, "this model does not support embeddings", ModelUnusable),
    (412, "pull model manifest: 412: requires a newer version of Ollama", ModelUnusable),
    (500, "error loading model architecture: unknown model architecture: 'new'", ModelUnusable),
    (500, nested(500, "tools param requires --jinja flag"), ModelUnusable),
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
    (500, nested(500, "Compute error."), RunnerStopped),
    (500, "Internal Server Error (ref: 1234)", RunnerStopped),
    (503, "server busy, please try again.  maximum pending requests exceeded", OllamaBusy),
    (503, nested(503, "Loading model"), OllamaBusy),
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
        nested(400, "Unable to generate parser for this template. JSON schema error"),
        SchemaRefused,
    ),
]


@pytest.mark.parametrize(("status", "words", "kind"), SAID, ids=[case[1][:40] for case in SAID])
def test_ollamas_words_decide_and_stay_in_the_message(
    status: int, words: str, kind: type[OcpError]
) -> None:
    error = refused(status, words)
    assert type(error) is kind
    innermost = json.loads(words)["error"]["message"] if words.startswith("{") else words
    if kind is not ModelNotInstalled:
        assert " ".join(innermost.split()).rstrip(".") in error.message


MIDSTREAM: list[tuple[Any, type[OcpError]]] = [
    ("XML syntax error on line 5: element <parameter> closed by </function>", ToolCallUnreadable),
    ("tool 'WebSearch' not found", ToolCallUnreadable),
    ("llama-server chat error: map[code:500 message:scripted type:server_error]", RunnerStopped),
    (nested(400, "x", n_prompt_tokens=9, n_ctx=8), PromptTooLong),
    ("unauthorized", CloudRefused),
    ("something quite new", RunnerStopped),
    ({"code": 500, "message": "something quite new"}, RunnerStopped),
    ({"new": ["form"]}, RunnerStopped),
    (7, RunnerStopped),
    ("", RunnerStopped),
]


@pytest.mark.parametrize(("said", "kind"), MIDSTREAM, ids=[str(case[0])[:40] for case in MIDSTREAM])
def test_an_error_line_has_no_status_and_is_known_by_its_words(
    said: Any, kind: type[OcpError]
) -> None:
    assert type(from_line(said, ASKED)) is kind


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


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_words_that_nobody_knows_go_by_their_status(status: int, kind: type[OcpError]) -> None:
    error = refused(status, "a thing never heard of")
    assert type(error) is kind
    assert "a thing never heard of" in error.message


@pytest.mark.parametrize("body", [b"", b"<h1>nginx</h1>", b"[1]", b'"x"', b"{}", b"null", b"\xff"])
@pytest.mark.parametrize("status", [301, *STATUSES])
def test_any_body_of_any_status_is_an_error_that_can_be_read(status: int, body: bytes) -> None:
    error = from_answer(status, body, ASKED)
    assert len(error.message) > 20
    assert error.advice


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_whose_ollama_is_down_says_that_ollama_is_down(status: int) -> None:
    error = from_answer(status, b"<html><h1>Bad Gateway</h1></html>", ASKED)
    assert type(error) is OllamaUnreachable
    assert "Bad Gateway" in error.message


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 500])
def test_a_page_that_ollama_did_not_write_is_called_so(status: int) -> None:
    error = from_answer(status, b"<html><h1>Router login</h1></html>", ASKED)
    assert type(error) is AnswerUnreadable
    assert "Router login" in error.message
    assert URL in error.message


def test_a_foreign_host_name_has_its_own_remedy() -> None:
    error = from_answer(403, b"", ASKED)
    assert type(error) is UpstreamRejected
    assert "OLLAMA_HOST=0.0.0.0" in error.message
    assert "--ollama-url" in error.message


def test_two_names_of_one_file_have_their_own_remedy() -> None:
    assert "ollama stop" in refused(500, "tools param requires --jinja flag").message


def test_the_address_to_sign_in_at_is_told() -> None:
    body = b'{"error":"unauthorized","signin_url":"https://ollama.com/connect?name=x"}'
    error = from_answer(401, body, ASKED)
    assert type(error) is CloudRefused
    assert "https://ollama.com/connect?name=x" in error.message
    assert "ollama signin" in error.message


TOO_LONG: dict[str, tuple[str, str]] = {
    "llama-server": (
        nested(
            400,
            "request (628 tokens) exceeds the available context size (512 tokens), try",
            type="exceed_context_size_error",
            n_prompt_tokens=628,
            n_ctx=512,
        ),
        "628 tokens > 511 maximum",
    ),
    "llama-server in other words": (
        nested(400, "much too long", n_prompt_tokens=628, n_ctx=512),
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
def test_a_prompt_that_is_too_long_is_told_in_the_words_that_make_the_client_compact(
    name: str,
) -> None:
    words, numbers = TOO_LONG[name]
    assert refused(400, words).message == f"prompt is too long: {numbers}"
    assert from_line(words, ASKED).message == f"prompt is too long: {numbers}"


def test_an_estimate_below_the_window_never_contradicts_ollama() -> None:
    asked = Asked(URL, "m", prompt_tokens=100, window=512)
    words = "the prompt is longer than the context length currently available to the model"
    assert from_line(words, asked).message == "prompt is too long: 512 tokens > 511 maximum"


def test_words_are_shortened_and_made_fit_to_be_shown() -> None:
    error = refused(500, "bad\nnews \x1b[31m" + "x" * 5000)
    assert "bad news �[31mxxx" in error.message
    assert "x…." in error.message
    assert len(error.message) < 700


def all_exceptions(kind: type[httpx.RequestError]) -> set[type[httpx.RequestError]]:
    found = {kind}
    for below in kind.__subclasses__():
        found |= all_exceptions(below)
    return found


# Each exception of httpx: what it means before an answer began, and within it.
EXCEPTIONS: dict[str, tuple[type[OcpError], type[OcpError]]] = {
    "RequestError": (AnswerCutOff, AnswerCutOff),
    "TransportError": (AnswerCutOff, AnswerCutOff),
    "NetworkError": (AnswerCutOff, AnswerCutOff),
    "TimeoutException": (AnswerCutOff, AnswerCutOff),
    "ProtocolError": (AnswerCutOff, AnswerCutOff),
    "ConnectError": (OllamaUnreachable, AnswerCutOff),
    "ConnectTimeout": (OllamaUnreachable, AnswerCutOff),
    "PoolTimeout": (OllamaUnreachable, AnswerCutOff),
    "ProxyError": (OllamaUnreachable, AnswerCutOff),
    "UnsupportedProtocol": (OllamaUnreachable, AnswerCutOff),
    "ReadTimeout": (OllamaUnreachable, AnswerCutOff),
    "WriteTimeout": (OllamaUnreachable, AnswerCutOff),
    "ReadError": (AnswerCutOff, AnswerCutOff),
    "WriteError": (AnswerCutOff, AnswerCutOff),
    "CloseError": (AnswerCutOff, AnswerCutOff),
    "Unanswered": (AnswerCutOff, AnswerCutOff),
    "RemoteProtocolError": (AnswerUnreadable, AnswerCutOff),
    "LocalProtocolError": (UpstreamRejected, AnswerCutOff),
    "DecodingError": (AnswerUnreadable, AnswerUnreadable),
    "TooManyRedirects": (AnswerUnreadable, AnswerUnreadable),
}


@pytest.mark.parametrize("kind", sorted(all_exceptions(httpx.RequestError), key=str))
def test_every_exception_of_httpx_has_its_error(kind: type[httpx.RequestError]) -> None:
    before, within = EXCEPTIONS[kind.__name__]
    for happened, expected in ((False, before), (True, within)):
        error = from_exception(kind("the words"), ASKED, within=happened)
        assert type(error) is expected
        assert "the words" in error.message
        assert repr(URL) in error.message
        assert error.advice


def test_an_exception_without_words_is_named() -> None:
    assert "ReadError" in from_exception(httpx.ReadError(""), ASKED, within=True).message
