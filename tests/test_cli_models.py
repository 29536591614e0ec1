"""`ocp models`: installed and recommended models, for people and for scripts."""

import json
from pathlib import Path
from typing import Any

from support.command_line import run_ocp
from support.fake_ollama import FakeModel, FakeOllama

GB = 1_000_000_000


def documents(tmp_path: Path, fake: FakeOllama, **extra: str) -> dict[str, Any]:
    done = run_ocp(tmp_path, "models", "--json", variables={"OLLAMA_HOST": fake.url, **extra})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in document["models"]}


def test_json_has_the_documented_keys(tmp_path: Path, fake: FakeOllama) -> None:
    shown = run_ocp(tmp_path, "models", "--help").stdout
    document = documents(tmp_path, fake)
    for key in ("models", "recommended"):
        assert [name for name in document[key][0] if name not in shown] == []
    fake.loaded = {"gpt-oss:20b": 14 * GB}
    loaded = by_name(documents(tmp_path, fake))["gpt-oss:20b"]["loaded"]
    assert [name for name in loaded if name not in shown] == []


def test_each_model_is_listed_with_its_abilities(tmp_path: Path, fake: FakeOllama) -> None:
    models = by_name(documents(tmp_path, fake, OCP_NUM_CTX="16384"))
    assert list(models) == list(fake.models)
    assert models["qwen3.5:9b"] == {
        "name": "qwen3.5:9b",
        "alias": "claude-qwen3-5-9b",
        "size": 4_683_087_332,
        "family": "qwen35",
        "parameter_size": "7.6B",
        "quantization": "Q4_K_M",
        "context_length": 32768,
        "window": 16384,
        "tools": True,
        "vision": True,
        "thinking": True,
        "cloud": False,
        "shows_tools": "native",
        "template": None,  # nothing is loaded for a list
        "roles": [],
        "loaded": None,
        "tried": None,
    }
    assert models["my-qwen-gguf:7b"]["tools"] is True  # which `/api/tags` does not tell
    assert models["smollm2:135m"]["tools"] is False
    assert models["smollm2:135m"]["shows_tools"] == "text/plain"


def test_roles_are_listed_with_their_model(tmp_path: Path, fake: FakeOllama) -> None:
    roles = {"OCP_ROLES__HAIKU": "smollm2:135m", "OCP_ROLES__OPUS": "none:1b"}
    models = by_name(documents(tmp_path, fake, **roles))
    assert {name: entry["roles"] for name, entry in models.items() if entry["roles"]} == {
        "qwen2.5-coder:7b": ["main"],
        "smollm2:135m": ["haiku"],
    }


def test_a_loaded_model_is_listed_with_its_memory(tmp_path: Path, fake: FakeOllama) -> None:
    fake.loaded = {"gpt-oss:20b": 14 * GB}
    loaded = by_name(documents(tmp_path, fake))["gpt-oss:20b"]["loaded"]
    assert loaded == {
        "size": 14 * GB,
        "size_vram": 14 * GB,
        "context_length": 32768,
        "place": "GPU",
    }


def test_recommended_models_say_whether_they_are_installed(
    tmp_path: Path, fake: FakeOllama
) -> None:
    recommended = {entry["name"]: entry for entry in documents(tmp_path, fake)["recommended"]}
    assert recommended["gpt-oss:20b"]["installed"] is True
    assert recommended["qwen3:8b"]["installed"] is False
    assert all(entry["pull"] == f"ollama pull {name}" for name, entry in recommended.items())


def test_the_table_is_for_people(tmp_path: Path) -> None:
    with FakeOllama(FakeModel("qwen2.5-coder:7b")) as fake:
        fake.loaded = {"qwen2.5-coder:7b": 6 * GB}
        done = run_ocp(tmp_path, "models", variables={"OLLAMA_HOST": fake.url})
    assert (done.returncode, done.stderr) == (0, "")
    head, row, _, title, _, first, *_ = done.stdout.splitlines()
    assert head.split()[:3] == ["model", "size", "kind"]
    assert row.split() == [
        *["qwen2.5-coder:7b", "4.7", "GB", "qwen2", "7.6B", "Q4_K_M", "32768"],
        *["✓", "GPU", "6.0", "GB", "main", "-"],
    ]
    assert title.startswith("Recommended")
    assert "ollama pull qwen2.5-coder:7b" in first
    assert first.endswith("✓")


def test_an_ollama_without_models_gets_the_recommendations(tmp_path: Path) -> None:
    fake = FakeOllama()
    fake.models = {}
    with fake:
        done = run_ocp(tmp_path, "models", "--ollama-url", fake.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Ollama has no models yet.\n")
    assert "ollama pull qwen3-coder:30b" in done.stdout


def test_without_ollama_it_is_one_line(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "models", variables={"OLLAMA_HOST": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "Ollama does not answer at 'http://127.0.0.1:9'" in done.stderr
    assert "ollama serve" in done.stderr
