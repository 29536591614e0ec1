"""The catalog of the models of a fake Ollama."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.ollama.client import OllamaClient
from ollama_claude_proxy.wire.model import ModelProfile
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama
from support.timeouts import HANG_SECONDS

Work = Callable[[Catalog], Awaitable[None]]


def run_with_catalog(fake: FakeOllama, work: Work, **settings: Any) -> None:
    """Run `work` with a catalog of the fake's models."""

    async def main() -> None:
        ollama = OllamaClient(fake.url)
        try:
            async with asyncio.timeout(HANG_SECONDS):
                await work(Catalog(ollama, Settings(ollama_url=fake.url, **settings)))
        finally:
            await ollama.close()

    asyncio.run(main())


def resolve_model(
    fake: FakeOllama, requested: str, *, subagent: bool = False, **settings: Any
) -> ModelProfile:
    profiles: list[ModelProfile] = []

    async def work(catalog: Catalog) -> None:
        profiles.append(await catalog.resolve(requested, subagent=subagent))

    run_with_catalog(fake, work, **settings)
    return profiles[0]


def install_only(fake: FakeOllama, *models: FakeModel) -> None:
    fake.models = {model.name: model for model in models}
