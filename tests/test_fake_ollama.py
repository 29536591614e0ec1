"""The fake Ollama's own shapes are those of a real one: checked against recorded answers."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_ollama import (
    Answer,
    Call,
    Done,
    Eof,
    Failure,
    FakeModel,
    FakeOllama,
    Step,
    Thinking,
    recorded,
)
from support.raw_client import RawClient, Reply, framing
from support.recordings import transcripts

TRANSCRIPTS = {name: one for name, one in transcripts().items() if "status" in one}
HI = {"model": "qwen2.5-coder:7b", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawClient]:
    with RawClient(fake.url) as connection:
        yield connection


def model_of(transcript: dict[str, Any]) -> FakeModel:
    """Give the model that a recording was made with."""
    name = transcript["model"] or "qwen2.5-coder:7b"
    able = {"completion"} | ({"tools"} if "smol" not in name else set())
    able |= {"thinking"} if re.search(r"thinking|qwen3\.5", transcript["path"]) else set()
    return FakeModel(
        name,
        path=transcript["path"],
        capabilities=frozenset(able),
        context_length=262144,
        parameter_size="9.80M",
        quantization="F16",
    )


def raw_request(transcript: dict[str, Any]) -> bytes:
    if "request_base64" in transcript:
        return base64.b64decode(transcript["request_base64"])
    if "request_text" in transcript:
        return str(transcript["request_text"]).encode()
    return json.dumps(transcript["request"]).encode()


def ask_again(fake: FakeOllama, transcript: dict[str, Any]) -> Reply:
    """Send a recorded request to the fake."""
    if transcript["id"] not in {"err-not-found", "err-show-missing", "err-bad-name"}:
        model = model_of(transcript)
        fake.models[model.name] = model
    tokens = re.search(r"request \((\d+) tokens\)", "".join(transcript["body_lines"]))
    fake.count = lambda _body: int(tokens[1]) if tokens else 1
    with RawClient(fake.url) as client:
        return client.ask("POST", transcript.get("url", "/api/chat"), raw_request(transcript))


# Requests that Ollama itself refuses; in the other recorded failures it was the model's answer.
REFUSED = [
    *[
        name
        for name, one in TRANSCRIPTS.items()
        if name.startswith("err-") and one["status"] >= 400
    ],
    *["go-over-notrunc", "go-over-notrunc-nostream"],
    *["nat-over-notrunc", "nat-over-one", "nat-prefill-call", "nat-logprobs", "nat-think"],
    *["nat-schema-null", "nat-schema-ref", "qwen3t-bad-level", "smol-think", "smol-tools"],
]
WITHOUT_BODY = {"err-get", "err-nopath"}


@pytest.mark.parametrize("name", sorted(set(REFUSED) - WITHOUT_BODY))
def test_a_request_is_refused_as_ollama_refuses_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = ask_again(fake, transcript)
    assert reply.body.decode() == "\n".join(transcript["body_lines"])
    assert reply.status == transcript["status"]
    assert framing(reply.headers) == framing(transcript["headers"])


ACCEPTED = [
    name for name, one in TRANSCRIPTS.items() if name.startswith("err-") and one["status"] == 200
]
OTHER_ENDPOINTS = {
    "err-show",
    "err-show-go",
    "err-show-parser",
    "err-ps",
    "err-version",
    "err-generate",
}


@pytest.mark.parametrize("name", sorted(set(ACCEPTED) - OTHER_ENDPOINTS))
def test_a_bent_request_is_accepted_as_ollama_accepts_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = ask_again(fake, transcript)
    assert reply.status == 200
    assert framing(reply.headers) == framing(transcript["headers"])
    last = json.loads(reply.body.splitlines()[-1])
    assert list(last) == list(json.loads(transcript["body_lines"][-1]))


@pytest.mark.parametrize("name", ["err-show", "err-show-go", "err-show-parser"])
def test_a_model_is_shown_as_ollama_shows_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = ask_again(fake, transcript)
    shown, real = json.loads(reply.body), json.loads(transcript["body_lines"][0])
    assert list(shown) == list(real)
    assert shown | {"modified_at": ""} == real | {"modified_at": ""}
    assert framing(reply.headers) == framing(transcript["headers"])


def test_a_derived_model_is_shown_with_its_own_facts(client: RawClient, fake: FakeOllama) -> None:
    fake.add_model(
        "glm:30b", path="parser:glm-4.7", family="glm", context_length=99, parameters="num_ctx 77"
    )
    shown = json.loads(client.ask("POST", "/api/show", {"model": "glm:30b"}).body)
    assert shown["modelfile"].endswith("RENDERER glm-4.7\nPARSER glm-4.7\n")
    assert shown["model_info"]["glm.context_length"] == 99
    assert shown["parameters"] == "num_ctx 77"
    assert "qwen" not in json.dumps(shown["modelfile"])


def test_the_list_hides_what_a_native_model_can_do(client: RawClient, fake: FakeOllama) -> None:
    fake.models.clear()
    fake.add_model("a:1b", path="native")
    fake.add_model("b:1b")
    listed = json.loads(client.ask("GET", "/api/tags").body)["models"]
    assert [one["capabilities"] for one in listed] == [["completion"], ["completion", "tools"]]
    shown = json.loads(client.ask("POST", "/api/show", {"model": "a:1b"}).body)
    assert shown["capabilities"] == ["tools", "completion"]


def test_what_is_loaded_is_told_as_ollama_tells_it(client: RawClient) -> None:
    assert json.loads(client.ask("GET", "/api/ps").body) == {"models": []}
    client.ask("POST", "/api/chat", HI | {"options": {"num_ctx": 8192}})
    reply = client.ask("GET", "/api/ps")
    real = TRANSCRIPTS["err-ps"]
    told, recorded_one = (
        json.loads(text)["models"][0] for text in (reply.body, real["body_lines"][0])
    )
    assert list(told) == list(recorded_one)
    assert list(told["details"]) == list(recorded_one["details"])
    assert told["context_length"] == 8192
    assert framing(reply.headers) == framing(real["headers"])


NEIGHBOURS = {
    "err-get": ("GET", "/api/chat"),
    "err-nopath": ("GET", "/api/nothing"),
    "err-version": ("GET", "/api/version"),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_its_other_paths_answer_as_ollama_does(name: str) -> None:
    with FakeOllama(version="0.0.0") as fake, RawClient(fake.url) as client:
        reply = client.ask(*NEIGHBOURS[name])
    transcript = TRANSCRIPTS[name]
    assert reply.status == transcript["status"]
    assert reply.body.decode() == transcript["body_lines"][0]
    assert framing(reply.headers) == framing(transcript["headers"])


# The model wrote half a call, and the parser made one of it: no scripted call stands there.
HALF_CALLS = {"g4-cut", "g4-cut-nostream", "lag-cut"}
SPOKEN = [
    name
    for name, one in TRANSCRIPTS.items()
    if one["status"] == 200
    and "url" not in one
    and one["body_lines"]
    and (one.get("request") or {}).get("messages")
    and "logprobs" not in one["request"]
    and "_debug_render_only" not in one["request"]
    and name not in HALF_CALLS
]


def steps_of(lines: list[dict[str, Any]]) -> list[Step]:
    """Give the script of what a recording says."""
    steps: list[Step] = []
    for line in lines:
        if "error" in line:
            return [*steps, Failure(line["error"])]
        message = line["message"]
        steps += [Thinking(message["thinking"])] if "thinking" in message else []
        steps += [message["content"]] if message["content"] else []
        functions = [call["function"] for call in message.get("tool_calls", [])]
        steps += [Call(function["name"], function["arguments"]) for function in functions]
        if line["done"]:
            counts = line.get("prompt_eval_count", 0), line.get("eval_count", 0)
            return [*steps, Done(line["done_reason"], *counts)]
    return [*steps, Eof()]


def shape(line: str) -> str:
    """Give a line with its order of keys, but without what differs from run to run."""
    line = re.sub(r'"created_at":"[^"]+"', '"created_at":""', line)
    line = re.sub(r'_duration":\d+', '_duration":0', line)
    line = re.sub(r'"id":"call_[a-z0-9]{8}"', '"id":"call_8"', line)
    return re.sub(r'"id":"[A-Za-z0-9]{32}"', '"id":"32"', line)


@pytest.mark.parametrize("name", SPOKEN)
def test_a_script_is_written_in_the_lines_of_the_models_path(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    fake.script(Answer(steps_of([json.loads(line) for line in transcript["body_lines"]])))
    transcript = transcript | {"request": transcript["request"] | {"truncate": True}}
    fake.models[transcript["model"]] = model_of(transcript)
    fake.models[transcript["model"]].capabilities |= {"tools", "thinking"}
    with RawClient(fake.url) as client:
        reply = client.ask("POST", "/api/chat", transcript["request"])
    assert [shape(line) for line in reply.body.decode().splitlines()] == [
        shape(line) for line in transcript["body_lines"]
    ]
    assert framing(reply.headers) == framing(transcript["headers"])


@pytest.mark.parametrize("how", [{"chunk": 1}, {"chunk": 7}, {"together": True}], ids=str)
@pytest.mark.parametrize("name", ["go-two", "nat-two", "run-die", "run-500", "go-one-nostream"])
def test_a_recording_is_said_again_byte_for_byte(
    client: RawClient, fake: FakeOllama, name: str, how: dict[str, Any]
) -> None:
    transcript = TRANSCRIPTS[name]
    fake.script(recorded(transcript, **how))
    reply = client.ask("POST", "/api/chat", HI)
    assert reply.body.decode().splitlines() == transcript["body_lines"]
    assert reply.status == transcript["status"]
    assert framing(reply.headers) == framing(transcript["headers"])
