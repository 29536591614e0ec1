"""Fixtures of many tests: a clean environment, a fake Ollama, and the proxy in front of it."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.command_line import clean_environment
from support.fake_ollama import FakeOllama
from support.proxy import Proxy

# A busy machine is no failure; what must be fast is measured in bench/.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the settings and the home of the person who runs the tests."""
    kept = dict(os.environ)
    clean = clean_environment(tmp_path_factory.mktemp("home"))
    os.environ.clear()
    os.environ.update(clean)
    yield
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    """Run a scripted Ollama on a real socket."""
    with FakeOllama() as ollama:
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    """Run the proxy in front of `fake`, on a real socket."""
    with Proxy(fake.url) as running:
        yield running
