"""The endpoints of Ollama other than chat, and downloads."""

import pytest

from ollama_claude_proxy.errors import (
    AnswerCutOff,
    ModelNotInstalled,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.client import OllamaClient
from ollama_claude_proxy.wire.model import InstalledModel, PullProgress
from support.fake_ollama import (
    FakeOllama,
)
from support.ollama_client import read_answer, run_with_client


def test_the_other_endpoints_are_read(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        await read_answer(ollama)
        assert await ollama.version() == fake.version
        assert [model.name for model in await ollama.models()] == list(fake.models)
        shown = await ollama.describe(InstalledModel(name="qwen3.5:9b"))
        assert set(shown.capabilities) == {"completion", "tools", "thinking", "vision"}
        assert [model.name for model in await ollama.loaded()] == ["qwen2.5-coder:7b"]
        with pytest.raises(ModelNotInstalled, match="'gone:1b'"):
            await ollama.describe(InstalledModel(name="gone:1b"))

    run_with_client(fake.url, work)


async def download(ollama: OllamaClient, model: str) -> list[PullProgress]:
    return [progress async for progress in ollama.pull(model)]


def test_a_download_reports_its_progress(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        fake.pulls = [
            {"status": "pulling manifest"},
            {"status": "pulling 60e0", "digest": "sha256:60e0", "total": 9, "completed": 4},
            {"status": "success"},
        ]
        progress_list = await download(ollama, "new:1b")
        assert [
            (progress.status, progress.completed, progress.total) for progress in progress_list
        ] == [
            ("pulling manifest", 0, 0),
            ("pulling 60e0", 4, 9),
            ("success", 0, 0),
        ]
        assert await ollama.describe(InstalledModel(name="new:1b"))

    run_with_client(fake.url, work)


def test_a_failed_download_reports_the_reason(fake: FakeOllama) -> None:
    async def work(ollama: OllamaClient) -> None:
        fake.pulls = [{"error": "pull model manifest: file does not exist"}]
        with pytest.raises(UpstreamRejected, match="'nope:1b': pull model manifest: file does not"):
            await download(ollama, "nope:1b")
        fake.pulls = [{"status": "pulling manifest"}]
        with pytest.raises(AnswerCutOff, match="'nope:1b'"):
            await download(ollama, "nope:1b")

    run_with_client(fake.url, work)
