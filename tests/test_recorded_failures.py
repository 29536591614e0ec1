"""Every recorded failure of a real Ollama becomes the right error."""

import json
from typing import Any

import pytest

from ollama_claude_proxy.errors import (
    AnswerUnreadable,
    ModelNotInstalled,
    ModelUnusable,
    OcpError,
    OllamaBusy,
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
from support.recordings import transcripts

URL = "http://127.0.0.1:11434"
CONTEXT = RequestContext(URL, "qwen2.5-coder:7b", prompt_tokens=700, window=512)


def is_failure(transcript: dict[str, Any]) -> bool:
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


EXPECTED = {name: error_type for error_type, names in RECORDED.items() for name in names}
FAILURES = {
    name: transcript for name, transcript in transcripts().items() if is_failure(transcript)
}


@pytest.mark.parametrize("name", FAILURES)
def test_every_recorded_failure_is_the_right_error(name: str) -> None:
    transcript = FAILURES[name]
    last = transcript["body_lines"][-1]
    if transcript["status"] == 200:
        error = error_from_line(json.loads(last)["error"], CONTEXT)
    else:
        error = error_from_response(transcript["status"], last.encode(), CONTEXT)
    assert type(error) is EXPECTED.get(name, UpstreamRejected)
    assert error.advice or isinstance(error, PromptTooLong)


def test_every_listed_failure_is_recorded() -> None:
    assert set(EXPECTED) <= set(FAILURES)
