"""What many tests need: a fake Ollama, and the proxy in front of it."""

from collections.abc import Iterator

import pytest

from support.fake_ollama import FakeOllama
from support.proxy import Proxy


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    """Give a scripted Ollama on a real socket."""
    with FakeOllama() as ollama:
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    """Give the proxy before `fake`, on a real socket."""
    with Proxy(fake.url) as running:
        yield running
