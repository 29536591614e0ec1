"""Which model answers a request."""

from typing import Any

import pytest

from ollama_claude_proxy.errors import ModelNotInstalled
from ollama_claude_proxy.settings import Roles
from ollama_claude_proxy.wire.model import alias
from support.catalog import install_only, resolve_model
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama

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
def test_every_requested_name_is_mapped_to_a_model(
    fake: FakeOllama, requested: str, settings: dict[str, Any], model: str
) -> None:
    assert resolve_model(fake, requested, **settings).name == model


def test_a_subagent_gets_the_subagent_model_unless_it_names_one(fake: FakeOllama) -> None:
    roles = Roles(haiku="qwen3.5:9b", subagent="gpt-oss:20b")
    for requested, model in (
        ("claude-haiku-5-5", "gpt-oss:20b"),
        ("claude-opus-5-5", "gpt-oss:20b"),
        ("qwen3-coder:30b", "qwen3-coder:30b"),
    ):
        assert resolve_model(fake, requested, subagent=True, roles=roles).name == model


def test_names_that_share_an_alias_always_mean_the_same_model(fake: FakeOllama) -> None:
    names = ["a.b:1b", "a-b:1b"]
    for order in (names, names[::-1]):
        install_only(fake, *map(FakeModel, order))
        assert resolve_model(fake, alias("a.b:1b")).name == "a-b:1b"
        for name in names:
            assert resolve_model(fake, name).name == name


@pytest.mark.parametrize("name", ["qwen2.5-coder:7b", "hf.co/Org/Model_X-GGUF:Q4_K_M", "m"])
def test_an_alias_starts_with_claude_and_has_only_plain_characters(name: str) -> None:
    assert alias(name).startswith("claude-")
    assert alias(name).replace("-", "").isalnum()
    assert alias(name).islower()


def test_a_model_that_was_named_is_never_replaced(fake: FakeOllama) -> None:
    with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
        resolve_model(fake, "claude-opus-5-5", model="gone:1b")
    del fake.models["qwen2.5-coder:7b"]
    with pytest.raises(ModelNotInstalled, match=r"ollama pull qwen2\.5-coder:7b"):
        resolve_model(fake, "claude-opus-5-5", model="qwen2.5-coder:7b")


def test_a_role_with_a_missing_model_is_an_error_that_names_the_model(fake: FakeOllama) -> None:
    with pytest.raises(ModelNotInstalled, match="ollama pull gone:1b"):
        resolve_model(fake, "claude-opus-5-5", roles=Roles(opus="gone:1b"))


def model(name: str, size: str, **fields: Any) -> FakeModel:
    return FakeModel(name, parameter_size=size, **fields)


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
def test_the_best_model_is_used_if_none_is_configured(fake: FakeOllama, rule: str) -> None:
    models, expected = BEST[rule]
    for order in (models, models[::-1]):
        install_only(fake, *order)
        assert resolve_model(fake, "claude-opus-5-5").name == expected


def test_the_default_is_requested_if_no_model_can_call_tools(fake: FakeOllama) -> None:
    install_only(fake, FakeModel("smol:1b", capabilities=frozenset({"completion"})))
    with pytest.raises(ModelNotInstalled, match=r"ollama pull qwen2\.5-coder:7b"):
        resolve_model(fake, "claude-opus-5-5")


def test_a_cloud_model_is_accepted(fake: FakeOllama) -> None:
    install_only(
        fake, FakeModel("qwen2.5-coder:7b"), FakeModel("big:cloud", context_length=262_144)
    )
    assert resolve_model(fake, "big:cloud").cloud
    with pytest.raises(ModelNotInstalled, match="ollama pull other-cloud"):
        resolve_model(fake, "other-cloud")
