"""The facts of a model: how they are detected, and when they are requested again."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from ollama_claude_proxy.errors import ModelNotInstalled, OllamaUnreachable
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog, context_window
from ollama_claude_proxy.wire.model import ModelProfile
from support.catalog import install_only, resolve_model, run_with_catalog
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama
from support.recordings import transcripts


def request_counts(fake: FakeOllama) -> Counter[str]:
    return Counter(request.path for request in fake.requests)


PATHS = {
    "qwen2.5-coder:7b": "go-template",
    "my-qwen-gguf:7b": "native",
    "qwen3-coder:30b": "parser:qwen3-coder",
    "qwen3.5:9b": "parser:qwen3.5",
    "gpt-oss:20b": "parser:harmony",
}


@pytest.mark.parametrize("name", PATHS)
def test_the_path_of_a_model_is_detected(fake: FakeOllama, name: str) -> None:
    assert resolve_model(fake, name).render_path == PATHS[name]


@pytest.mark.parametrize("name", ["err-show", "err-show-go", "err-show-parser"])
def test_the_path_of_a_recorded_model_is_detected(fake: FakeOllama, name: str) -> None:
    recording = transcripts()[name]

    class Recorded(FakeModel):
        def show(self) -> dict[str, Any]:
            shown: dict[str, Any] = json.loads("".join(recording["body_lines"]))
            return shown

    install_only(fake, Recorded(recording["model"]))
    profile = resolve_model(fake, recording["model"])
    assert profile.render_path == recording["path"]
    assert profile.tools
    assert profile.context_length


def test_tools_are_detected_although_the_list_omits_them(fake: FakeOllama) -> None:
    assert "tools" not in fake.models["my-qwen-gguf:7b"].tag()["capabilities"]
    assert resolve_model(fake, "my-qwen-gguf:7b").tools


def test_a_word_of_a_licence_is_not_taken_for_a_parser(fake: FakeOllama) -> None:
    class Licensed(FakeModel):
        def show(self) -> dict[str, Any]:
            shown = super().show()
            shown["modelfile"] += '\nLICENSE """\nParser generators\nPARSER means any work\n"""'
            return shown

    install_only(fake, Licensed("m:1b"))
    assert resolve_model(fake, "m:1b").render_path == "go-template"


def test_a_vision_model_has_the_context_length_of_its_language_model(fake: FakeOllama) -> None:
    class Seeing(FakeModel):
        def show(self) -> dict[str, Any]:
            shown = super().show()
            shown["model_info"] = {
                "clip.vision.context_length": 77,
                **shown["model_info"],
            }
            return shown

    install_only(fake, Seeing("m:1b", context_length=8192))
    assert resolve_model(fake, "m:1b").context_length == 8192


WINDOWS: list[tuple[int | None, bool, int | None, int]] = [
    (131_072, False, None, 32_768),
    (8_192, False, None, 8_192),
    (None, False, None, 32_768),
    (131_072, False, 65_536, 65_536),
    (8_192, False, 65_536, 8_192),
    (None, False, 65_536, 65_536),
    (262_144, True, None, 262_144),
]


@pytest.mark.parametrize(("longest", "cloud", "setting", "tokens"), WINDOWS)
def test_the_window_is_the_same_for_every_call(
    longest: int | None, setting: int | None, tokens: int, *, cloud: bool
) -> None:
    profile = ModelProfile(name="m", context_length=longest, cloud=cloud)
    assert context_window(profile, Settings(num_ctx=setting)) == tokens


def test_the_facts_of_a_model_are_requested_once(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        for _ in range(20):
            await catalog.resolve("claude-opus-5-5")
        assert request_counts(fake) == {"/api/tags": 1, "/api/show": 1}

    run_with_catalog(fake, work)


def test_concurrent_lookups_share_one_request_to_ollama(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        profiles = await asyncio.gather(*[catalog.default_model() for _ in range(50)])
        assert {profile.name for profile in profiles} == {"qwen2.5-coder:7b"}
        await asyncio.gather(*[catalog.installed() for _ in range(5)])
        assert request_counts(fake) == {"/api/tags": 1, "/api/show": len(fake.models)}

    run_with_catalog(fake, work)


def test_a_cancelled_lookup_does_not_cancel_the_others(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        asking = [asyncio.create_task(catalog.default_model()) for _ in range(3)]
        await asyncio.sleep(0)
        asking[0].cancel()
        assert (await asking[1]).name == (await asking[2]).name == "qwen2.5-coder:7b"

    run_with_catalog(fake, work)


def test_all_models_are_listed_in_ollamas_order(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        assert [profile.name for profile in await catalog.installed()] == list(fake.models)

    run_with_catalog(fake, work)


def test_a_newly_pulled_model_is_found_without_a_restart(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.default_model()
        fake.models["new:1b"] = FakeModel("new:1b")
        await asyncio.sleep(0.6)  # a list of this moment is not read again
        assert (await catalog.resolve("new:1b")).name == "new:1b"

    run_with_catalog(fake, work)


def test_a_removed_model_is_an_error_that_names_it(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.resolve("qwen2.5-coder:7b")
        removed = fake.models.pop("qwen3.5:9b")
        with pytest.raises(ModelNotInstalled, match=removed.name):
            await catalog.profile(removed.name)
        assert removed.name not in [profile.name for profile in await catalog.installed()]

    run_with_catalog(fake, work)


def test_an_unreachable_ollama_is_an_error_until_it_is_back(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        fake.stop()
        for _ in range(2):
            with pytest.raises(OllamaUnreachable):
                await catalog.resolve("claude-opus-5-5")
            with pytest.raises(OllamaUnreachable):
                await catalog.installed()
        fake.start()
        assert (await catalog.resolve("claude-opus-5-5")).name == "qwen2.5-coder:7b"

    run_with_catalog(fake, work)
