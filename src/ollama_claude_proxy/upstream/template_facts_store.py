"""What each model's template does with a conversation, probed once and stored on disk.

The facts hold for one model digest and one version of Ollama. Rendering a conversation loads the
model, which its first request does anyway; the window is the same, so that it is loaded once.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ollama_claude_proxy.errors import (
    AnswerUnreadable,
    ModelUnusable,
    RunnerStopped,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.private_file import write_private_file
from ollama_claude_proxy.upstream.upstream import Upstream
from ollama_claude_proxy.wire.chat import ModelRequest
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

logger = logging.getLogger(__name__)

Probes = Callable[[ModelProfile], Mapping[str, ModelRequest]]
Judge = Callable[[ModelProfile, Mapping[str, str]], TemplateFacts]

# The version of the probes and of their judgement; facts of another version are probed anew.
_EDITION = 1
_MAX_FACTS = 200
# How a template refuses an order of turns that it does not know; an absent Ollama is no refusal.
_REFUSALS = (UpstreamRejected, RunnerStopped, ModelUnusable, AnswerUnreadable)


class _StoredFacts(Struct):
    edition: int = _EDITION
    facts: dict[str, TemplateFacts] = field(default_factory=dict)


class TemplateFactsStore:
    """The facts of all models; `path` is the file that keeps them, None: memory only.

    `probes` returns the conversations to render, and `judge` what the renderings mean.
    """

    def __init__(
        self, upstream: Upstream, probes: Probes, judge: Judge, path: Path | None = None
    ) -> None:
        self._upstream = upstream
        self._probes = probes
        self._judge = judge
        self._path = path
        self._stored = _read(path)
        self._version = ""
        self._probing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unanswered: set[str] = set()

    async def known(self, profile: ModelProfile) -> TemplateFacts | None:
        """Return a model's facts if they are known already, without loading the model."""
        return self._stored.facts.get(await self._key(profile))

    async def facts(
        self, profile: ModelProfile, *, window: int | None, keep_alive: str | int
    ) -> TemplateFacts | None:
        """Return a model's facts, probed if they are not known, with the window that is sent.

        None where the backend cannot say: an old Ollama does not render, and a cloud model's
        template is not here. Raises what a request of the model would raise, too.
        """
        key = await self._key(profile)
        if profile.cloud or key in self._unanswered:
            return None
        async with self._probing[key]:
            if key not in self._stored.facts and key not in self._unanswered:
                await self._probe(profile, key, window, keep_alive)
        return self._stored.facts.get(key)

    async def _key(self, profile: ModelProfile) -> str:
        if not self._version:
            self._version = await self._upstream.version()
        return f"{profile.digest or profile.name} {self._version}"

    async def _probe(
        self, profile: ModelProfile, key: str, window: int | None, keep_alive: str | int
    ) -> None:
        rendered: dict[str, str] = {}
        for name, probe in self._probes(profile).items():
            try:
                prompt = await self._upstream.render(
                    replace(probe, window=window, keep_alive=keep_alive)
                )
            except _REFUSALS:  # this template refuses such a conversation
                continue
            if prompt is None:
                self._unanswered.add(key)
                return
            rendered[name] = prompt
        self._keep(key, self._judge(profile, rendered))

    def _keep(self, key: str, facts: TemplateFacts) -> None:
        self._stored.facts[key] = facts
        while len(self._stored.facts) > _MAX_FACTS:
            del self._stored.facts[next(iter(self._stored.facts))]
        if self._path is not None:
            try:
                write_private_file(self._path, msgspec.json.encode(self._stored))
            except OSError as error:  # it is probed again after the next start
                logger.warning("the facts about a template could not be stored: %s", error)


def _read(path: Path | None) -> _StoredFacts:
    if path is not None:
        with suppress(OSError, msgspec.DecodeError):
            stored = msgspec.json.decode(path.read_bytes(), type=_StoredFacts)
            if stored.edition == _EDITION:
                return stored
    return _StoredFacts()
