"""The facts of a model's template are probed once, with Ollama's own renderings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fake_models import FakeModel, library, template_variants
from support.fake_ollama import FakeOllama
from support.proxy import Proxy

TOOL = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
THINKS = frozenset({"completion", "tools", "thinking"})

# For each renderer: what is kept, and who shows the tools.
KNOWN: dict[str, tuple[FakeModel, dict[str, Any], str]] = {
    "go-template:qwen2.5": (
        FakeModel("a:7b"),
        {
            "definitions": False,
            "call_beside_text": False,
            "prefill": True,
            "replays_text": True,
        },
        "text/hermes",
    ),
    "go-template:lossless": (
        FakeModel("b:7b", renderer_name="go-template:lossless"),
        {"definitions": True, "call_beside_text": True, "prefill": True, "replays_text": True},
        "native",
    ),
    "go-template:llama3.1": (
        FakeModel("c:8b", renderer_name="go-template:llama3.1", family="llama"),
        {"call_beside_text": False, "prefill": True, "replays_text": True},
        "text/llama",
    ),
    "go-template:plain": (
        FakeModel("d:1b", capabilities=frozenset({"completion"}), family="llama"),
        {"definitions": False, "prefill": True, "replays_text": True},
        "text/plain",
    ),
    "native:qwen2.5-jinja": (
        FakeModel("e:7b", path="native"),
        {
            "definitions": True,
            "call_beside_text": True,
            "replays_text": True,
        },
        "native",
    ),
    "renderer:qwen3-coder": (
        FakeModel("f:30b", path="parser:qwen3-coder"),
        {
            "definitions": True,
            "call_beside_text": True,
            "replays_text": True,
        },
        "native",
    ),
    "renderer:qwen3.5": (
        FakeModel("g:9b", path="parser:qwen3.5", capabilities=THINKS),
        {"definitions": True},
        "native",
    ),
    "renderer:qwen3.8": (
        FakeModel("h:9b", path="parser:qwen3.8", capabilities=THINKS),
        {"definitions": True},
        "native",
    ),
    "renderer:glm-4.7": (
        FakeModel("i:9b", path="parser:glm-4.7", capabilities=THINKS),
        {"definitions": True, "prefill": False},
        "native",
    ),
}


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


def facts(path: Path) -> dict[str, Any]:
    stored: dict[str, dict[str, Any]] = json.loads(path.read_text())["facts"]
    assert len(stored) == 1
    return next(iter(stored.values()))


@pytest.mark.parametrize("renderer", KNOWN)
def test_the_facts_of_each_template_are_probed(tmp_path: Path, renderer: str) -> None:
    model, known, tools_header = KNOWN[renderer]
    assert model.renderer == renderer
    cache = tmp_path / "cache" / "templates.json"
    with FakeOllama(model) as fake, Proxy(fake.url, cache=cache, model=model.name) as proxy:
        reply = proxy.create_message(tools=[TOOL])
    assert reply.headers["x-ocp-tools"] == tools_header
    probed = facts(cache)
    assert {name: probed[name] for name in known} == known
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_template_is_probed_once_and_with_the_window_of_its_model(
    tmp_path: Path, fake: FakeOllama
) -> None:
    cache = tmp_path / "templates.json"
    for _ in range(2):
        with Proxy(fake.url, cache=cache, num_ctx=16384) as proxy:
            proxy.create_message()
            proxy.create_message()
    renderings = fake.renderings
    assert len(renderings) == len({json.dumps(body) for body in renderings})
    assert {body["options"]["num_ctx"] for body in (*renderings, *fake.chats)} == {16384}


def test_another_version_of_ollama_is_probed_again(tmp_path: Path) -> None:
    cache = tmp_path / "templates.json"
    counts = []
    for version in ("0.32.15", "0.33.0"):
        with FakeOllama(version=version) as fake, Proxy(fake.url, cache=cache) as proxy:
            proxy.create_message()
            counts.append(len(fake.renderings))
    assert counts[0] == counts[1] > 0


def test_a_broken_cache_file_is_replaced(tmp_path: Path, fake: FakeOllama) -> None:
    cache = tmp_path / "templates.json"
    cache.write_text('{"edition": 1, "facts": {"x": ')
    with Proxy(fake.url, cache=cache) as proxy:
        assert proxy.create_message().status_code == 200
    assert facts(cache)["replays_text"] is True


def test_an_unwritable_cache_does_not_fail_a_request(tmp_path: Path, fake: FakeOllama) -> None:
    (tmp_path / "file").touch()
    with Proxy(fake.url, cache=tmp_path / "file" / "templates.json") as proxy:
        assert proxy.create_message().status_code == 200


def test_counting_tokens_loads_no_model(fake: FakeOllama) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [TOOL]}
    with Proxy(fake.url) as proxy:
        reply = proxy.client.post("/v1/messages/count_tokens", json=body)
        assert reply.json()["input_tokens"] > 10
    assert (fake.renderings, fake.loaded) == ([], {})


@pytest.mark.parametrize(
    ("tools", "model", "tools_header"),
    [
        ("native", "qwen2.5-coder:7b", "native"),
        ("text", "my-qwen-gguf:7b", "text/hermes"),
        ("auto, my-qwen-gguf:7b=text", "my-qwen-gguf:7b", "text/hermes"),
        ("auto, my-qwen-gguf:7b=text", "qwen3-coder:30b", "native"),
        ("native", "smollm2:135m", "text/plain"),
    ],
)
def test_a_setting_chooses_whether_ollama_or_the_proxy_shows_the_tools(
    fake: FakeOllama, tools: str, model: str, tools_header: str
) -> None:
    with Proxy(fake.url, tools=tools) as proxy:
        reply = proxy.create_message(model=model, tools=[TOOL])
    assert reply.headers["x-ocp-tools"] == tools_header
    assert ("tools" in fake.chats[-1]) == (tools_header == "native")
