"""What many tests need: a clean environment, a fake Ollama, and the proxy in front of it."""

import os
from collections.abc import Iterator

import pytest

from support.command_line import clean_environment
from support.fake_ollama import FakeOllama
from support.proxy import Proxy


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of the person who runs the tests out of them, and their home untouched."""
    kept = dict(os.environ)
    clean = clean_environment(tmp_path_factory.mktemp("home"))
    os.environ.clear()
    os.environ.update(clean)
    yield
    os.environ.clear()
    os.environ.update(kept)


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
