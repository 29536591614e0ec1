"""Small jobs beside a conversation: which model does them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client_requests import first_request, send_request
from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama
from support.proxy import Proxy

MAIN, SMALL = "qwen2.5-coder:7b", "qwen2.5:0.5b"
SMALLEST = "qwen2.5:0.1b"
TITLE = {"messages": [{"role": "user", "content": "A title, please."}], "max_tokens": 20}


def models(vram_share: float = 1.0) -> list[FakeModel]:
    others = [one for one in library() if one.name != MAIN and one.size > 2_000_000_000]
    main = FakeModel(MAIN, vram_share=vram_share)
    small = FakeModel(SMALL, size=400_000_000, vram_share=vram_share)
    smallest = FakeModel(SMALLEST, size=90_000_000, vram_share=vram_share)
    embeds = FakeModel("embeds", size=900_000_000, capabilities=frozenset({"embedding"}))
    return [main, small, smallest, embeds, *others]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*models(), slots=1) as ollama:
        yield ollama


def title(proxy: Proxy, **more: Any) -> str:
    reply = send_request(proxy, TITLE | more, session="s", kind="auxiliary")
    assert reply.status_code == 200
    return str(reply.headers["x-ocp-model"])


def verdict(fake: FakeOllama, proxy: Proxy) -> dict[str, str]:
    """Wait for what was found, and give it."""
    facts = proxy.app.state.engine.model_facts
    fake.wait_for(lambda: bool(facts.by_model("fits beside")))
    found: dict[str, str] = facts.by_model("fits beside")
    return found


def test_a_small_model_that_fits_does_small_jobs(fake: FakeOllama) -> None:
    with Proxy(fake.url) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
        assert title(proxy) == SMALL
        assert list(verdict(fake, proxy).values()) == ["yes"]
        assert title(proxy) == SMALL
        assert set(fake.loaded) == {MAIN, SMALL}


def test_a_small_model_that_evicts_the_main_model_is_tried_once(
    fake: FakeOllama, tmp_path: Path
) -> None:
    fake.only_one_fits = True
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
        assert title(proxy) == SMALL
        assert list(verdict(fake, proxy).values()) == ["no"]
        assert title(proxy) == MAIN
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
        assert title(proxy) == MAIN


def test_no_small_model_is_tried_while_the_main_model_is_not_loaded(fake: FakeOllama) -> None:
    with Proxy(fake.url) as proxy:
        assert title(proxy) == MAIN


@pytest.mark.parametrize("vram_share", [0.0, 0.6], ids=["no card", "spills"])
def test_no_small_model_is_tried_unless_the_gpu_holds_the_main_model(vram_share: float) -> None:
    with FakeOllama(*models(vram_share), slots=1) as fake, Proxy(fake.url) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
        assert title(proxy) == MAIN


@pytest.mark.parametrize(
    ("settings", "more", "model"),
    [
        ({"side_jobs": "main"}, {}, MAIN),
        ({"roles": {"haiku": SMALLEST}}, {"model": "claude-haiku-4-5"}, SMALLEST),
        ({}, {"model": MAIN}, MAIN),
        ({}, {"system": "Much to say. " * 2000}, MAIN),
    ],
    ids=["switched off", "another is chosen", "asked for by name", "not small"],
)
def test_settings_and_the_request_choose_the_model_of_a_small_job(
    fake: FakeOllama, settings: dict[str, Any], more: dict[str, Any], model: str
) -> None:
    with Proxy(fake.url, **settings) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
        assert title(proxy, **more) == model
