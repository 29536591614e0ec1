"""The answers of the fake Ollama have the form of recorded answers of a real one."""

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
    EndOfBody,
    Failure,
    FakeModel,
    FakeOllama,
    Step,
    Thinking,
    recorded_answer,
)
from support.raw_http_client import RawHttpClient, RawResponse, body_framing
from support.recordings import transcripts

TRANSCRIPTS = {
    name: transcript for name, transcript in transcripts().items() if "status" in transcript
}
HI = {"model": "qwen2.5-coder:7b", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawHttpClient]:
    with RawHttpClient(fake.url) as connection:
        yield connection


def model_of(transcript: dict[str, Any]) -> FakeModel:
    """Return the model that a recording was made with."""
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


def request_bytes(transcript: dict[str, Any]) -> bytes:
    if "request_base64" in transcript:
        return base64.b64decode(transcript["request_base64"])
    if "request_text" in transcript:
        return str(transcript["request_text"]).encode()
    return json.dumps(transcript["request"]).encode()


def replay_request(fake: FakeOllama, transcript: dict[str, Any]) -> RawResponse:
    """Send a recorded request to the fake."""
    if transcript["id"] not in {"err-not-found", "err-show-missing", "err-bad-name"}:
        model = model_of(transcript)
        fake.models[model.name] = model
    tokens = re.search(r"request \((\d+) tokens\)", "".join(transcript["body_lines"]))
    fake.count = lambda _body: int(tokens[1]) if tokens else 1
    with RawHttpClient(fake.url) as client:
        return client.request("POST", transcript.get("url", "/api/chat"), request_bytes(transcript))


# Requests that Ollama itself refuses; in the other recorded failures it was the model's answer.
REFUSED = [
    *[
        name
        for name, transcript in TRANSCRIPTS.items()
        if name.startswith("err-") and transcript["status"] >= 400
    ],
    *["go-over-notrunc", "go-over-notrunc-nostream"],
    *["nat-over-notrunc", "nat-over-one", "nat-prefill-call", "nat-logprobs", "nat-think"],
    *["nat-schema-null", "nat-schema-ref", "qwen3t-bad-level", "smol-think", "smol-tools"],
]
WITHOUT_BODY = {"err-get", "err-nopath"}


@pytest.mark.parametrize("name", sorted(set(REFUSED) - WITHOUT_BODY))
def test_a_request_is_refused_as_ollama_refuses_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = replay_request(fake, transcript)
    assert reply.body.decode() == "\n".join(transcript["body_lines"])
    assert reply.status == transcript["status"]
    assert body_framing(reply.headers) == body_framing(transcript["headers"])


ACCEPTED = [
    name
    for name, transcript in TRANSCRIPTS.items()
    if name.startswith("err-") and transcript["status"] == 200
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
def test_an_unusual_request_is_accepted_as_ollama_accepts_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = replay_request(fake, transcript)
    assert reply.status == 200
    assert body_framing(reply.headers) == body_framing(transcript["headers"])
    last = json.loads(reply.body.splitlines()[-1])
    assert list(last) == list(json.loads(transcript["body_lines"][-1]))


@pytest.mark.parametrize("name", ["err-show", "err-show-go", "err-show-parser"])
def test_a_model_is_shown_as_ollama_shows_it(fake: FakeOllama, name: str) -> None:
    transcript = TRANSCRIPTS[name]
    reply = replay_request(fake, transcript)
    shown, real = json.loads(reply.body), json.loads(transcript["body_lines"][0])
    assert list(shown) == list(real)
    assert shown | {"modified_at": ""} == real | {"modified_at": ""}
    assert body_framing(reply.headers) == body_framing(transcript["headers"])


def test_a_derived_model_is_shown_with_its_own_facts(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    fake.add_model(
        "glm:30b", path="parser:glm-4.7", family="glm", context_length=99, parameters="num_ctx 77"
    )
    shown = json.loads(client.request("POST", "/api/show", {"model": "glm:30b"}).body)
    assert shown["modelfile"].endswith("RENDERER glm-4.7\nPARSER glm-4.7\n")
    assert shown["model_info"]["glm.context_length"] == 99
    assert shown["parameters"] == "num_ctx 77"
    assert "qwen" not in json.dumps(shown["modelfile"])


def test_the_list_omits_capabilities_of_a_native_model(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    fake.models.clear()
    fake.add_model("a:1b", path="native")
    fake.add_model("b:1b")
    listed = json.loads(client.request("GET", "/api/tags").body)["models"]
    assert [model["capabilities"] for model in listed] == [["completion"], ["completion", "tools"]]
    shown = json.loads(client.request("POST", "/api/show", {"model": "a:1b"}).body)
    assert shown["capabilities"] == ["tools", "completion"]


def test_loaded_models_are_listed_as_ollama_lists_them(client: RawHttpClient) -> None:
    assert json.loads(client.request("GET", "/api/ps").body) == {"models": []}
    client.request("POST", "/api/chat", HI | {"options": {"num_ctx": 8192}})
    reply = client.request("GET", "/api/ps")
    real = TRANSCRIPTS["err-ps"]
    entry, recorded_entry = (
        json.loads(text)["models"][0] for text in (reply.body, real["body_lines"][0])
    )
    assert list(entry) == list(recorded_entry)
    assert list(entry["details"]) == list(recorded_entry["details"])
    assert entry["context_length"] == 8192
    assert body_framing(reply.headers) == body_framing(real["headers"])


NEIGHBOURS = {
    "err-get": ("GET", "/api/chat"),
    "err-nopath": ("GET", "/api/nothing"),
    "err-version": ("GET", "/api/version"),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_other_endpoints_answer_as_ollama_does(name: str) -> None:
    with FakeOllama(version="0.0.0") as fake, RawHttpClient(fake.url) as client:
        reply = client.request(*NEIGHBOURS[name])
    transcript = TRANSCRIPTS[name]
    assert reply.status == transcript["status"]
    assert reply.body.decode() == transcript["body_lines"][0]
    assert body_framing(reply.headers) == body_framing(transcript["headers"])


# The model wrote half a call, and the parser made one of it: no scripted call stands there.
HALF_CALLS = {"g4-cut", "g4-cut-nostream", "lag-cut"}
SPOKEN = [
    name
    for name, transcript in TRANSCRIPTS.items()
    if transcript["status"] == 200
    and "url" not in transcript
    and transcript["body_lines"]
    and (transcript.get("request") or {}).get("messages")
    and "logprobs" not in transcript["request"]
    and "_debug_render_only" not in transcript["request"]
    and name not in HALF_CALLS
]


def steps_of(lines: list[dict[str, Any]]) -> list[Step]:
    """Return the script of what a recording says."""
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
    return [*steps, EndOfBody()]


def without_varying_fields(line: str) -> str:
    """Return a line with its order of keys, but without what differs from run to run."""
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
    with RawHttpClient(fake.url) as client:
        reply = client.request("POST", "/api/chat", transcript["request"])
    assert [without_varying_fields(line) for line in reply.body.decode().splitlines()] == [
        without_varying_fields(line) for line in transcript["body_lines"]
    ]
    assert body_framing(reply.headers) == body_framing(transcript["headers"])


@pytest.mark.parametrize(
    "how", [{"chunk_size": 1}, {"chunk_size": 7}, {"in_one_write": True}], ids=str
)
@pytest.mark.parametrize("name", ["go-two", "nat-two", "run-die", "run-500", "go-one-nostream"])
def test_a_recording_is_replayed_byte_for_byte(
    client: RawHttpClient, fake: FakeOllama, name: str, how: dict[str, Any]
) -> None:
    transcript = TRANSCRIPTS[name]
    fake.script(recorded_answer(transcript, **how))
    reply = client.request("POST", "/api/chat", HI)
    assert reply.body.decode().splitlines() == transcript["body_lines"]
    assert reply.status == transcript["status"]
    assert body_framing(reply.headers) == body_framing(transcript["headers"])
