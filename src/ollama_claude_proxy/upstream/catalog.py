"""What is installed, what each model can do, and which one answers.

`/api/tags` lists the models and `/api/show` says what each can do: the list lacks `tools` and
`thinking` for models that llama.cpp renders (seen on Ollama 0.32.15). What a model can do is kept
by its digest. The list is read again in the background when it is some seconds old, so that no
request waits for it; only a request for a name that is not in it waits, so that a model pulled a
moment ago is found.
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
from ollama_claude_proxy.upstream.best_model import best_model
from ollama_claude_proxy.upstream.upstream import Upstream
from ollama_claude_proxy.wire.model import InstalledModel, ModelProfile, alias, is_cloud

_FRESH_SECONDS = 5.0
# A name that is never installed must not make every request wait.
_FRESH_SECONDS_IF_MISSING = 0.5
# Each `/api/show` opens a model's file.
_MAX_DESCRIBES = 4
# Larger windows cost memory that a small machine lacks, and minutes to fill.
_DEFAULT_WINDOW = 32768
# Anthropic's own names of models; no request waits to see whether one was pulled.
_ANTHROPIC_NAME = re.compile(r"opus|sonnet|haiku|^claude-\d")

_ProfileKey = tuple[str, str]


class Catalog:
    """The installed models; raises OllamaUnreachable while the backend does not answer.

    `windows` are the tokens that were found to fit into this machine, by a model's digest.
    """

    def __init__(
        self, upstream: Upstream, settings: Settings, windows: Mapping[str, str] | None = None
    ) -> None:
        self._upstream = upstream
        self._windows = windows or {}
        self._settings = settings
        self._profiles: dict[_ProfileKey, ModelProfile] = {}
        self._describing: defaultdict[_ProfileKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._describe_slots = asyncio.Semaphore(_MAX_DESCRIBES)
        self._listed: list[InstalledModel] = []
        self._names: dict[str, InstalledModel] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def installed(self) -> list[ModelProfile]:
        """Return all installed models, the newest first."""
        await self._read(_FRESH_SECONDS)
        profiles = await asyncio.gather(*map(self._profile_if_installed, self._listed))
        return [profile for profile in profiles if profile is not None]

    async def profile(self, name: str) -> ModelProfile:
        """Return one model by its name, with or without `:latest`, or by its alias.

        Raises ModelNotInstalled.
        """
        model = await self._find(name)
        if model is None and not is_cloud(name):
            raise ModelNotInstalled(name)
        # A cloud model is described though it was never pulled.
        return await self._profile(model or InstalledModel(name=name))

    async def resolve(self, requested: str, *, subagent: bool = False) -> ModelProfile:
        """Return the model that answers a request for `requested`.

        An installed name or alias is itself, and so is a cloud model's. Any other
        (`claude-opus-5-5`, a typing error) is the model of its role, if one is set, otherwise the
        default model.
        """
        if is_cloud(requested) or await self._find(requested) is not None:
            return await self.profile(requested)
        role = self._role(requested, subagent=subagent)
        return await self.profile(role) if role else await self.default_model()

    async def close(self) -> None:
        """Stop reading in the background."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait({self._refreshing})

    async def default_model(self) -> ModelProfile:
        """Return the configured model; if it is absent and was not chosen, the best installed one.

        Raises ModelNotInstalled.
        """
        try:
            return await self.profile(self._settings.model)
        except ModelNotInstalled:
            if self._settings.model_named:
                raise
            best = best_model(await self.installed())
            if best is None:
                raise
            return best

    def _role(self, requested: str, *, subagent: bool) -> str | None:
        roles = self._settings.roles
        if subagent and roles.subagent:
            return roles.subagent
        named = {"opus": roles.opus, "sonnet": roles.sonnet, "haiku": roles.haiku}
        return next((model for role, model in named.items() if role in requested.lower()), None)

    async def _find(self, name: str) -> InstalledModel | None:
        """Return the model of a name; if it is unknown, the list is read again."""
        key = _key(name)
        if key in self._names or (self._names and _ANTHROPIC_NAME.search(key)):
            self._refresh()
        else:
            await self._read(_FRESH_SECONDS_IF_MISSING)
        return self._names.get(key)

    def _refresh(self) -> None:
        """Read the list again in the background, if it is old."""
        busy = self._refreshing is not None and not self._refreshing.done()
        if not busy and self._age() > _FRESH_SECONDS:
            self._refreshing = asyncio.create_task(self._read_in_background())

    async def _read_in_background(self) -> None:
        with suppress(OcpError):  # the request itself reports it
            await self._read(_FRESH_SECONDS)

    async def _read(self, max_age: float) -> None:
        """Read the list, unless it is fresh; calls meanwhile wait for the same reading."""
        async with self._reading:
            if self._age() > max_age:
                self._listed = await self._upstream.models()
                self._names = _names(self._listed)
                self._read_at = time.monotonic()

    def _age(self) -> float:
        return time.monotonic() - self._read_at

    async def _profile(self, model: InstalledModel) -> ModelProfile:
        """Describe a model; calls for the same model meanwhile wait for the same answer."""
        key = (model.name, model.digest)
        if key not in self._profiles:
            async with self._describing[key], self._describe_slots:
                if key not in self._profiles:
                    profile = await self._upstream.describe(model)
                    self._profiles[key] = self._with_fitting_window(profile)
        return self._profiles[key]

    def _with_fitting_window(self, profile: ModelProfile) -> ModelProfile:
        """Return the model with the window that was found to fit, if there is one."""
        window = self._windows.get(profile.digest)
        return replace(profile, usual_window=int(window)) if window else profile

    async def _profile_if_installed(self, model: InstalledModel) -> ModelProfile | None:
        try:
            return await self._profile(model)
        except ModelNotInstalled:  # removed since the list was read
            return None


def context_window(profile: ModelProfile, settings: Settings) -> int:
    """Return the context window of a model in tokens.

    As set, but at most what the model was trained for, which is where Ollama clamps it; otherwise
    what its Modelfile sets, or what was found to fit into the machine; otherwise the smaller of the
    longest and 32,768, and all of it for a cloud model, whose memory is not this machine's.
    """
    longest = profile.context_length
    chosen = settings.num_ctx or (None if profile.cloud else profile.usual_window)
    if chosen is not None:
        return min(chosen, longest or chosen)
    if longest is None:
        return _DEFAULT_WINDOW
    return longest if profile.cloud else min(longest, _DEFAULT_WINDOW)


def _names(models: list[InstalledModel]) -> dict[str, InstalledModel]:
    """Return the models by every name they have; a true name wins over an alias."""
    ordered = sorted(models, key=lambda model: model.name)
    names: dict[str, InstalledModel] = {}
    for model in ordered:
        names.setdefault(_key(model.name), model)
    for model in ordered:
        names.setdefault(alias(model.name), model)
        names.setdefault(alias(model.name.removesuffix(":latest")), model)
    return names


def _key(name: str) -> str:
    """Return the one form of a name: Ollama ignores case and `:latest`."""
    return (
        name.lower()
        .removeprefix("registry.ollama.ai/")
        .removeprefix("library/")
        .removesuffix(":latest")
    )
