"""Which model answers, what it can do, and that this is known without asking again and again."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ollama_claude_proxy.errors import ModelNotInstalled, OllamaUnreachable
from ollama_claude_proxy.settings import Roles, Settings
from ollama_claude_proxy.upstream.catalog import Catalog, window
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.wire.model import ModelProfile, alias
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama
from support.recordings import transcripts

Work = Callable[[Catalog], Awaitable[None]]
TOOLS = frozenset({"completion", "tools"})


def use(fake: FakeOllama, work: Work, **settings: Any) -> None:
    """Do some work with a catalog of the fake's models."""

    async def main() -> None:
        ollama = Ollama(fake.url)
        try:
            async with asyncio.timeout(20):
                await work(Catalog(ollama, Settings(ollama_url=fake.url, **settings)))
        finally:
            await ollama.close()

    asyncio.run(main())


def answering(
    fake: FakeOllama, requested: str, *, subagent: bool = False, **settings: Any
) -> ModelProfile:
    found: list[ModelProfile] = []

    async def work(catalog: Catalog) -> None:
        found.append(await catalog.resolve(requested, subagent=subagent))

    use(fake, work, **settings)
    return found[0]


def only(fake: FakeOllama, *models: FakeModel) -> None:
    fake.models = {model.name: model for model in models}


def asked(fake: FakeOllama) -> Counter[str]:
    return Counter(request.path for request in fake.requests)


PATHS = {
    "qwen2.5-coder:7b": "go-template",
    "my-qwen-gguf:7b": "native",
    "qwen3-coder:30b": "parser:qwen3-coder",
    "qwen3.5:9b": "parser:qwen3.5",
    "gpt-oss:20b": "parser:harmony",
}


@pytest.mark.parametrize("name", PATHS)
def test_the_path_of_a_model_is_seen(fake: FakeOllama, name: str) -> None:
    assert answering(fake, name).path == PATHS[name]


@pytest.mark.parametrize("name", ["err-show", "err-show-go", "err-show-parser"])
def test_the_path_of_a_recorded_model_is_seen(fake: FakeOllama, name: str) -> None:
    recording = transcripts()[name]

    class Recorded(FakeModel):
        def show(self) -> dict[str, Any]:
            shown: dict[str, Any] = json.loads("".join(recording["body_lines"]))
            return shown

    only(fake, Recorded(recording["model"]))
    profile = answering(fake, recording["model"])
    assert profile.path == recording["path"]
    assert profile.tools
    assert profile.context_length


def test_tools_are_known_though_the_list_hides_them(fake: FakeOllama) -> None:
    assert "tools" not in fake.models["my-qwen-gguf:7b"].tag()["capabilities"]
    assert answering(fake, "my-qwen-gguf:7b").tools


def test_a_word_of_a_licence_is_no_parser(fake: FakeOllama) -> None:
    class Licensed(FakeModel):
        def show(self) -> dict[str, Any]:
            shown = super().show()
            shown["modelfile"] += '\nLICENSE """\nParser generators\nPARSER means any work\n"""'
            return shown

    only(fake, Licensed("m:1b"))
    assert answering(fake, "m:1b").path == "go-template"


def test_a_model_that_sees_is_as_long_as_its_language_part(fake: FakeOllama) -> None:
    class Seeing(FakeModel):
        def show(self) -> dict[str, Any]:
            shown = super().show()
            shown["model_info"] = {
                "clip.vision.context_length": 77,
                **shown["model_info"],
            }
            return shown

    only(fake, Seeing("m:1b", context_length=8192))
    assert answering(fake, "m:1b").context_length == 8192


RESOLVED: list[tuple[str, dict[str, Any], str]] = [
    ("qwen3-coder:30b", {}, "qwen3-coder:30b"),
    ("QWEN3-Coder:30B", {}, "qwen3-coder:30b"),
    ("claude-qwen3-coder-30b", {}, "qwen3-coder:30b"),
    ("registry.ollama.ai/library/qwen3-coder:30b", {}, "qwen3-coder:30b"),
    ("nomic-embed-text", {}, "nomic-embed-text:latest"),
    ("claude-nomic-embed-text", {}, "nomic-embed-text:latest"),
    ("claude-nomic-embed-text-latest", {}, "nomic-embed-text:latest"),
    ("claude-opus-5-5", {}, "qwen2.5-coder:7b"),
    ("no-such-model", {}, "qwen2.5-coder:7b"),
    ("", {}, "qwen2.5-coder:7b"),
    ("claude-opus-5-5", {"model": "qwen3.5:9b"}, "qwen3.5:9b"),
    ("claude-opus-5-5", {"roles": Roles(opus="qwen3.5:9b")}, "qwen3.5:9b"),
    ("claude-sonnet-5-5", {"roles": Roles(opus="qwen3.5:9b")}, "qwen2.5-coder:7b"),
    ("claude-sonnet-5-5", {"roles": Roles(sonnet="gpt-oss:20b")}, "gpt-oss:20b"),
    ("claude-haiku-5-5", {"roles": Roles(haiku="claude-gpt-oss-20b")}, "gpt-oss:20b"),
    ("claude-haiku-5-5", {"roles": Roles(subagent="gpt-oss:20b")}, "qwen2.5-coder:7b"),
    ("qwen3.5:9b", {"roles": Roles(opus="gpt-oss:20b")}, "qwen3.5:9b"),
]


@pytest.mark.parametrize(("requested", "settings", "model"), RESOLVED)
def test_every_name_has_its_model(
    fake: FakeOllama, requested: str, settings: dict[str, Any], model: str
) -> None:
    assert answering(fake, requested, **settings).name == model


def test_a_subagent_has_its_own_model_unless_it_names_one(fake: FakeOllama) -> None:
    roles = Roles(haiku="qwen3.5:9b", subagent="gpt-oss:20b")
    for requested, model in (
        ("claude-haiku-5-5", "gpt-oss:20b"),
        ("claude-opus-5-5", "gpt-oss:20b"),
        ("qwen3-coder:30b", "qwen3-coder:30b"),
    ):
        assert answering(fake, requested, subagent=True, roles=roles).name == model


def test_names_that_share_an_alias_always_mean_the_same_model(fake: FakeOllama) -> None:
    names = ["a.b:1b", "a-b:1b"]
    for order in (names, names[::-1]):
        only(fake, *map(FakeModel, order))
        assert answering(fake, alias("a.b:1b")).name == "a-b:1b"
        for name in names:
            assert answering(fake, name).name == name


@pytest.mark.parametrize("name", ["qwen2.5-coder:7b", "hf.co/Org/Model_X-GGUF:Q4_K_M", "m"])
def test_an_alias_begins_with_claude_and_holds_nothing_odd(name: str) -> None:
    assert alias(name).startswith("claude-")
    assert alias(name).replace("-", "").isalnum()
    assert alias(name).islower()


def test_a_model_that_was_named_is_never_replaced(fake: FakeOllama) -> None:
    with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
        answering(fake, "claude-opus-5-5", model="gone:1b")
    del fake.models["qwen2.5-coder:7b"]
    with pytest.raises(ModelNotInstalled, match=r"ollama pull qwen2\.5-coder:7b"):
        answering(fake, "claude-opus-5-5", model="qwen2.5-coder:7b")


def test_a_role_whose_model_is_missing_names_that_model(fake: FakeOllama) -> None:
    with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
        answering(fake, "claude-opus-5-5", roles=Roles(opus="gone:1b"))


def model(name: str, size: str, **more: Any) -> FakeModel:
    return FakeModel(name, parameter_size=size, **more)


BEST: dict[str, tuple[list[FakeModel], str]] = {
    "one that calls tools": (
        [model("big:30b", "30B", capabilities=frozenset({"completion"})), model("small:4b", "4B")],
        "small:4b",
    ),
    "of a family made for code": (
        [model("llama9:30b", "30B"), model("qwen3:8b", "8B")],
        "qwen3:8b",
    ),
    "the largest of a family": (
        [model("qwen3:8b", "8.2B"), model("qwen3:14b", "14.8B")],
        "qwen3:14b",
    ),
    "that this machine may hold": (
        [model("qwen3:235b", "235B"), model("qwen3:8b", "8.2B")],
        "qwen3:8b",
    ),
    "not a tiny one": ([model("qwen3:0.6b", "751.63M"), model("other:7b", "7B")], "other:7b"),
    "a large one rather than a tiny one": (
        [model("qwen3:0.6b", "751.63M"), model("other:70b", "70B")],
        "other:70b",
    ),
    "a tiny one rather than none": ([model("tiny:1b", "1B")], "tiny:1b"),
    "never one in the cloud": (
        [model("qwen3-coder:480b-cloud", "30B"), model("other:7b", "7B")],
        "other:7b",
    ),
    "of unknown size rather than none": ([model("other", "")], "other"),
    "by name where all else is equal": ([model("b:7b", "7B"), model("a:7b", "7B")], "a:7b"),
}


@pytest.mark.parametrize("rule", BEST)
def test_when_nobody_chose_a_model_the_best_is_taken(fake: FakeOllama, rule: str) -> None:
    models, expected = BEST[rule]
    for order in (models, models[::-1]):
        only(fake, *order)
        assert answering(fake, "claude-opus-5-5").name == expected


def test_where_no_model_can_call_tools_the_default_is_asked_for(fake: FakeOllama) -> None:
    only(fake, FakeModel("smol:1b", capabilities=frozenset({"completion"})))
    with pytest.raises(ModelNotInstalled, match=r"ollama pull qwen2\.5-coder:7b"):
        answering(fake, "claude-opus-5-5")


def test_a_cloud_model_passes(fake: FakeOllama) -> None:
    only(fake, FakeModel("qwen2.5-coder:7b"), FakeModel("big:cloud", context_length=262_144))
    assert answering(fake, "big:cloud").cloud
    with pytest.raises(ModelNotInstalled, match="ollama pull other-cloud"):
        answering(fake, "other-cloud")


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
    assert window(profile, Settings(num_ctx=setting)) == tokens


def test_what_a_model_can_do_is_asked_once(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        for _ in range(20):
            await catalog.resolve("claude-opus-5-5")
        assert asked(fake) == {"/api/tags": 1, "/api/show": 1}

    use(fake, work)


def test_many_who_ask_at_once_ask_ollama_once(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        profiles = await asyncio.gather(*[catalog.default_model() for _ in range(50)])
        assert {profile.name for profile in profiles} == {"qwen2.5-coder:7b"}
        await asyncio.gather(*[catalog.installed() for _ in range(5)])
        assert asked(fake) == {"/api/tags": 1, "/api/show": len(fake.models)}

    use(fake, work)


def test_one_who_leaves_does_not_take_the_answer_from_the_others(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        asking = [asyncio.create_task(catalog.default_model()) for _ in range(3)]
        await asyncio.sleep(0)
        asking[0].cancel()
        assert (await asking[1]).name == (await asking[2]).name == "qwen2.5-coder:7b"

    use(fake, work)


def test_all_models_are_told_in_ollamas_order(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        assert [profile.name for profile in await catalog.installed()] == list(fake.models)

    use(fake, work)


def test_a_model_that_was_just_pulled_is_there_without_a_restart(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.default_model()
        fake.models["new:1b"] = FakeModel("new:1b")
        await asyncio.sleep(0.6)  # a list of this moment is not read again
        assert (await catalog.resolve("new:1b")).name == "new:1b"

    use(fake, work)


def test_a_model_that_was_removed_is_missed_by_name(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.resolve("qwen2.5-coder:7b")
        removed = fake.models.pop("qwen3.5:9b")
        with pytest.raises(ModelNotInstalled, match=removed.name):
            await catalog.profile(removed.name)
        assert removed.name not in [profile.name for profile in await catalog.installed()]

    use(fake, work)


def test_an_ollama_that_is_down_is_said_to_be_until_it_is_back(fake: FakeOllama) -> None:
    async def work(catalog: Catalog) -> None:
        fake.stop()
        for _ in range(2):
            with pytest.raises(OllamaUnreachable):
                await catalog.resolve("claude-opus-5-5")
            with pytest.raises(OllamaUnreachable):
                await catalog.installed()
        fake.start()
        assert (await catalog.resolve("claude-opus-5-5")).name == "qwen2.5-coder:7b"

    use(fake, work)
