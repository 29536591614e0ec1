"""What is installed, what each model can do, and which one answers.

`/api/tags` lists the models and `/api/show` says what each can do: the list lacks `tools` and
`thinking` for models that llama.cpp renders (seen on Ollama 0.32.15). What a model can do is kept
by its digest. The list is read again in the background when it is some seconds old, so that nobody
waits for it; who asks for a name that is not in it does wait, so that a model pulled a moment ago
is there.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from msgspec.structs import replace

from ollama_claude_proxy.errors import ModelNotInstalled, OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.ollama.client import Ollama
from ollama_claude_proxy.upstream.ollama.profiles import best, described, is_cloud
from ollama_claude_proxy.wire.model import ModelProfile, alias
from ollama_claude_proxy.wire.ollama import TagsModel

_FRESH_SECONDS = 5.0
# A name that is never there must not make every request wait.
_FRESH_SECONDS_IF_MISSING = 0.5
# Each `/api/show` opens a model's file.
_MOST_SHOWS = 4
# Larger windows cost memory that a small machine lacks, and minutes to fill.
_USUAL_WINDOW = 32768
# Names that Anthropic gives its own models; nobody waits to see whether one was pulled.
_ANTHROPIC = re.compile(r"opus|sonnet|haiku|^claude-\d")

Key = tuple[str, str]


class Catalog:
    """The installed models; raises OllamaUnreachable while nobody can say what they are.

    `windows` are the tokens that were found to fit into this machine, by a model's digest.
    """

    def __init__(
        self, ollama: Ollama, settings: Settings, windows: Mapping[str, str] | None = None
    ) -> None:
        self._ollama = ollama
        self._windows = windows or {}
        self._settings = settings
        self._profiles: dict[Key, ModelProfile] = {}
        self._showing: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._most_shows = asyncio.Semaphore(_MOST_SHOWS)
        self._listed: list[TagsModel] = []
        self._names: dict[str, TagsModel] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def installed(self) -> list[ModelProfile]:
        """Give all installed models, in Ollama's order (the newest first)."""
        await self._read(_FRESH_SECONDS)
        shown = await asyncio.gather(*map(self._profile_if_there, self._listed))
        return [profile for profile in shown if profile is not None]

    async def profile(self, name: str) -> ModelProfile:
        """Give one model by its name, with or without `:latest`, or by its alias.

        Raises ModelNotInstalled.
        """
        model = await self._find(name)
        if model is None and not is_cloud(name):
            raise ModelNotInstalled(name)
        # A cloud model is described though it was never pulled.
        return await self._profile(model or TagsModel(name))

    async def resolve(self, requested: str, *, subagent: bool = False) -> ModelProfile:
        """Give the model that answers a request for `requested`.

        An installed name or alias is itself, and so is a cloud model's. Any other
        (`claude-opus-5-5`, a typing error) is the model of its role, if one is set, and else the
        default model.
        """
        if is_cloud(requested) or await self._find(requested) is not None:
            return await self.profile(requested)
        role = self._role(requested, subagent=subagent)
        return await self.profile(role) if role else await self.default_model()

    async def default_model(self) -> ModelProfile:
        """Give the configured model; where nobody chose it and it is absent, the best there is.

        Raises ModelNotInstalled.
        """
        try:
            return await self.profile(self._settings.model)
        except ModelNotInstalled:
            found = None if self._settings.model_named else best(await self.installed())
            if found is None:
                raise
            return found

    def _role(self, requested: str, *, subagent: bool) -> str | None:
        roles = self._settings.roles
        if subagent and roles.subagent:
            return roles.subagent
        named = {"opus": roles.opus, "sonnet": roles.sonnet, "haiku": roles.haiku}
        return next((model for role, model in named.items() if role in requested.lower()), None)

    async def _find(self, name: str) -> TagsModel | None:
        """Look a name up; where it is not there, in a list that is not old."""
        key = _key(name)
        if key in self._names or (self._names and _ANTHROPIC.search(key)):
            self._refresh()
        else:
            await self._read(_FRESH_SECONDS_IF_MISSING)
        return self._names.get(key)

    def _refresh(self) -> None:
        """Have the list read again, if it is old, while nobody waits."""
        busy = self._refreshing is not None and not self._refreshing.done()
        if not busy and self._age() > _FRESH_SECONDS:
            self._refreshing = asyncio.create_task(self._read_quietly())

    async def _read_quietly(self) -> None:
        with suppress(OcpError):  # the request itself will say so
            await self._read(_FRESH_SECONDS)

    async def _read(self, most_age: float) -> None:
        """Read the list, unless it is fresh; whoever comes meanwhile waits for it."""
        async with self._reading:
            if self._age() > most_age:
                self._listed = await self._ollama.tags()
                self._names = _names(self._listed)
                self._read_at = time.monotonic()

    def _age(self) -> float:
        return time.monotonic() - self._read_at

    async def _profile(self, model: TagsModel) -> ModelProfile:
        """Describe a model; whoever asks for the same meanwhile waits for it."""
        key = (model.name, model.digest)
        if key not in self._profiles:
            async with self._showing[key], self._most_shows:
                if key not in self._profiles:
                    show = await self._ollama.show(model.name)
                    self._profiles[key] = self._fitted(described(model, show))
        return self._profiles[key]

    def _fitted(self, profile: ModelProfile) -> ModelProfile:
        """Give the model with the window that was found to fit, where one was."""
        found = self._windows.get(profile.digest)
        return replace(profile, usual_window=int(found)) if found else profile

    async def _profile_if_there(self, model: TagsModel) -> ModelProfile | None:
        try:
            return await self._profile(model)
        except ModelNotInstalled:  # removed since the list was read
            return None


def window(profile: ModelProfile, settings: Settings) -> int:
    """Give the `num_ctx` of a model in tokens.

    As set, but at most what the model was trained for, which is where Ollama clamps it; else what
    its Modelfile sets, or what was found to fit into the machine; else the smaller of the longest
    and 32,768, and all of it for a cloud model, whose memory is not this machine's.
    """
    longest = profile.context_length
    chosen = settings.num_ctx or (None if profile.cloud else profile.usual_window)
    if chosen is not None:
        return min(chosen, longest or chosen)
    if longest is None:
        return _USUAL_WINDOW
    return longest if profile.cloud else min(longest, _USUAL_WINDOW)


def _names(models: list[TagsModel]) -> dict[str, TagsModel]:
    """Give the models by every name they have; a true name wins over an alias."""
    ordered = sorted(models, key=lambda model: model.name)
    names: dict[str, TagsModel] = {}
    for model in ordered:
        names.setdefault(_key(model.name), model)
    for model in ordered:
        names.setdefault(alias(model.name), model)
        names.setdefault(alias(model.name.removesuffix(":latest")), model)
    return names


def _key(name: str) -> str:
    """Give the one form of a name: Ollama's names are not told apart by case or `:latest`."""
    return (
        name.lower()
        .removeprefix("registry.ollama.ai/")
        .removeprefix("library/")
        .removesuffix(":latest")
    )
