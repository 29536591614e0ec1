"""An Ollama whose words a llama-server writes: what is asked of it, and what becomes of that."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from support.completion_server import CompletionServer
from support.fake_models import FakeModel
from support.live_ollama import LiveOllama, Written
from support.proxy import Proxy

MODEL = "qwen2.5-coder:1.5b"
CALL = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a"}}\n</tool_call>'
READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}


@contextmanager
def live(engine: CompletionServer) -> Iterator[LiveOllama]:
    with engine, LiveOllama(engine.url, FakeModel(MODEL)) as ollama:
        yield ollama


def chat(ollama: LiveOllama, **more: Any) -> httpx.Response:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    return httpx.post(f"{ollama.url}/api/chat", json=body | more, trust_env=False)


def test_the_engine_gets_the_prompt_that_the_template_makes() -> None:
    engine = CompletionServer("Hello")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    with live(engine) as ollama:
        chat(ollama, messages=messages)
    assert engine.requests[0]["prompt"] == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_an_answer_that_was_begun_goes_on() -> None:
    engine = CompletionServer("lo")
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hel"}]
    with live(engine) as ollama:
        chat(ollama, messages=messages)
    assert engine.requests[0]["prompt"].endswith("<|im_start|>assistant\nHel")


@pytest.mark.parametrize(
    ("more", "request_part"),
    [
        ({}, {"temperature": 0, "n_predict": 40_960, "stop": ["<|im_end|>"]}),
        ({"options": {"temperature": 0.5, "seed": 3}}, {"temperature": 0.5, "seed": 3}),
        ({"options": {"num_predict": 7}}, {"n_predict": 7}),
        ({"options": {"num_predict": -1, "num_ctx": 100}}, {"n_predict": 1000}),
        ({"options": {"stop": ["END"]}}, {"stop": ["<|im_end|>", "END"]}),
        ({"format": "json"}, {"json_schema": {"type": "object"}}),
        ({"format": {"type": "array"}}, {"json_schema": {"type": "array"}}),
    ],
)
def test_options_reach_the_engine(more: dict[str, Any], request_part: dict[str, Any]) -> None:
    engine = CompletionServer("Hello")
    with live(engine) as ollama:
        chat(ollama, **more)
    assert engine.requests[0] | request_part == engine.requests[0]


def test_without_a_format_the_engine_writes_freely() -> None:
    engine = CompletionServer("Hello")
    with live(engine) as ollama:
        chat(ollama)
    assert "json_schema" not in engine.requests[0]


def test_the_lines_of_a_stream_are_ollamas() -> None:
    with live(CompletionServer("Hel", "", "lo", cached=3)) as ollama:
        lines = chat(ollama, stream=True).text.splitlines()
    messages = [json.loads(line) for line in lines]
    assert [one["message"]["content"] for one in messages] == ["Hel", "lo", ""]
    assert [one["done"] for one in messages] == [False, False, True]
    assert (
        messages[-1]
        | {
            "done_reason": "stop",
            "prompt_eval_count": 13,
            "eval_count": 4,
            "prompt_eval_duration": 20_500_000,
            "eval_duration": 31_000_000,
        }
        == messages[-1]
    )


def test_tokens_that_were_cached_are_told_apart() -> None:
    with live(CompletionServer("Hi", cached=90)) as ollama:
        assert chat(ollama).json()["prompt_eval_count"] == 100
        assert ollama.written == [Written(100, 90, 2)]


def test_an_answer_that_was_cut_says_so() -> None:
    with live(CompletionServer("Hi", stop_type="limit")) as ollama:
        assert chat(ollama).json()["done_reason"] == "length"


def test_an_error_of_the_engine_is_an_error() -> None:
    engine = CompletionServer()
    engine.error = "out of memory"
    with live(engine) as ollama:
        assert "out of memory" in chat(ollama).text


def test_calls_that_ollama_itself_would_parse_are_refused() -> None:
    tools = [{"type": "function", "function": {"name": "Read", "parameters": {"type": "object"}}}]
    with live(CompletionServer("Hi")) as ollama:
        assert chat(ollama, tools=tools).status_code == 501


def test_a_call_that_the_engine_writes_comes_through_the_proxy() -> None:
    engine = CompletionServer(*(CALL[start : start + 3] for start in range(0, len(CALL), 3)))
    body = {
        "model": MODEL,
        "max_tokens": 100,
        "temperature": 0,
        "tools": [READ],
        "messages": [{"role": "user", "content": "Read /a"}],
    }
    with live(engine) as ollama, Proxy(ollama.url) as proxy:
        reply = httpx.post(f"{proxy.url}/v1/messages", json=body, trust_env=False).json()
    assert [(one["name"], one["input"]) for one in reply["content"]] == [
        ("Read", {"file_path": "/a"})
    ]
    assert engine.requests[0]["temperature"] == 0
    assert "Reads a file." in engine.requests[0]["prompt"]
