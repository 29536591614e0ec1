"""What each model's template does, asked once and kept on disk.

The facts hold for a model's digest and an Ollama's version. To have a conversation rendered loads
the model, which its first request does anyway; with the same window, so that it is loaded once.
"""

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from ollama_claude_proxy.errors import (
    AnswerUnreadable,
    ModelUnusable,
    RunnerStopped,
    UpstreamRejected,
)
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

logger = logging.getLogger(__name__)

Sentinels = Callable[[ModelProfile], Mapping[str, dict[str, Any]]]
Judge = Callable[[ModelProfile, Mapping[str, str]], TemplateFacts]

# What is asked, and how it is judged; other facts than these are asked for anew.
_EDITION = 1
_MOST_KEPT = 200
# What a template says to turns in an order that it does not know; not that Ollama is away.
_REFUSALS = (UpstreamRejected, RunnerStopped, ModelUnusable, AnswerUnreadable)


class _Kept(Struct):
    edition: int = _EDITION
    facts: dict[str, TemplateFacts] = field(default_factory=dict)


class Calibration:
    """The facts of all models; `path` is the file that keeps them, None: in memory only.

    `sentinels` gives the conversations to render and `judge` what the renderings mean.
    """

    def __init__(
        self, ollama: Ollama, sentinels: Sentinels, judge: Judge, path: Path | None = None
    ) -> None:
        self._ollama = ollama
        self._sentinels = sentinels
        self._judge = judge
        self._path = path
        self._kept = _read(path)
        self._version = ""
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._silent: set[str] = set()

    async def known(self, profile: ModelProfile) -> TemplateFacts | None:
        """Give a model's facts if they are known already; nothing is loaded for it."""
        return self._kept.facts.get(await self._key(profile))

    async def facts(
        self, profile: ModelProfile, *, window: int | None, keep_alive: str | int
    ) -> TemplateFacts | None:
        """Give a model's facts, asking for them if need be, with the window that is sent.

        None where Ollama cannot say: an old one does not know the question, and a cloud model's
        template is not here. Raises what a request of the model would raise, too.
        """
        key = await self._key(profile)
        if profile.cloud or key in self._silent:
            return None
        async with self._asking[key]:
            if key not in self._kept.facts and key not in self._silent:
                options = {} if window is None else {"num_ctx": window}
                await self._ask(profile, key, options, keep_alive)
        return self._kept.facts.get(key)

    async def _key(self, profile: ModelProfile) -> str:
        if not self._version:
            self._version = await self._ollama.version()
        return f"{profile.digest or profile.name} {self._version}"

    async def _ask(
        self, profile: ModelProfile, key: str, options: dict[str, Any], keep_alive: str | int
    ) -> None:
        rendered: dict[str, str] = {}
        for name, conversation in self._sentinels(profile).items():
            body = {"model": profile.name, **conversation, "options": options}
            try:
                prompt = await self._ollama.render({**body, "keep_alive": keep_alive})
            except _REFUSALS:  # this template takes no such conversation
                continue
            if prompt is None:
                self._silent.add(key)
                return
            rendered[name] = prompt
        self._keep(key, self._judge(profile, rendered))

    def _keep(self, key: str, facts: TemplateFacts) -> None:
        self._kept.facts[key] = facts
        while len(self._kept.facts) > _MOST_KEPT:
            del self._kept.facts[next(iter(self._kept.facts))]
        if self._path is not None:
            try:
                _write(self._path, msgspec.json.encode(self._kept))
            except OSError as error:  # it is only asked again the next time
                logger.warning("what was found of a template could not be kept: %s", error)


def _read(path: Path | None) -> _Kept:
    if path is not None:
        with suppress(OSError, msgspec.DecodeError):
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
            if kept.edition == _EDITION:
                return kept
    return _Kept()


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
