"""What is installed, what each model can do, and which one answers.

`/api/tags` lists the models and `/api/show` says what each can do: the list lacks `tools` and
`thinking` for models that llama.cpp renders (seen on Ollama 0.32.15). What a model can do is kept
by its digest; the list is read again after a few seconds, so that a model pulled meanwhile is there
without a restart.
"""

import asyncio
import re
import time

from ollama_claude_proxy.errors import ModelNotInstalled
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.client import Ollama
from ollama_claude_proxy.wire.model import ModelProfile, alias
from ollama_claude_proxy.wire.ollama import Show, TagsModel

_FRESH_SECONDS = 5.0
# Larger windows cost memory that a small machine lacks, and minutes to fill.
_USUAL_WINDOW = 32768
_CLOUD = re.compile(r"[:-]cloud$")
_PARSER = re.compile(r"^PARSER\s+(\S+)", re.MULTILINE | re.IGNORECASE)
# Models of these families were made for tools and code; the order is the preference.
_CODERS = ("qwen3-coder", "qwen2.5-coder", "devstral", "gpt-oss", "qwen3", "glm", "llama3")
_SENSIBLE_BILLIONS = 35.0


class Catalog:
    """The installed models; raises OllamaUnreachable when nobody can say what they are."""

    def __init__(self, ollama: Ollama, settings: Settings) -> None:
        self._ollama = ollama
        self._settings = settings
        self._by_digest: dict[tuple[str, str], ModelProfile] = {}
        self._listed: dict[str, TagsModel] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def installed(self) -> list[ModelProfile]:
        """Give all installed models, in Ollama's order (the newest first)."""
        await self._list()
        return [await self._profile(model) for model in list(self._listed.values())]

    async def profile(self, name: str) -> ModelProfile:
        """Give one model by its name, with or without `:latest`, or by its alias.

        Raises ModelNotInstalled.
        """
        model = await self._find(name)
        if model is None:
            raise ModelNotInstalled(name)
        return await self._profile(model)

    async def resolve(self, requested: str, *, subagent: bool = False) -> ModelProfile:
        """Give the model that answers a request for `requested`.

        An installed name or alias is itself. Any other (`claude-opus-5-5`, a typing error) is the
        model of its role, if one is set, and else the configured model.
        """
        found = await self._find(requested)
        if found is not None:
            return await self._profile(found)
        if _CLOUD.search(requested):
            return await self._profile(TagsModel(requested))
        role = self._role(requested, subagent=subagent)
        return await self.profile(role) if role else await self.default_model()

    async def default_model(self) -> ModelProfile:
        """Give the configured model; where nobody chose it and it is absent, the best there is.

        The best is one that can call tools, of a family made for code, and of the most parameters
        up to 35 billion. Raises ModelNotInstalled.
        """
        try:
            return await self.profile(self._settings.model)
        except ModelNotInstalled:
            able = [profile for profile in await self.installed() if profile.tools]
            if self._settings.model_named or not able:
                raise
            return min(able, key=_rank)

    def _role(self, requested: str, *, subagent: bool) -> str | None:
        roles = self._settings.roles
        if subagent and roles.subagent:
            return roles.subagent
        named = {"opus": roles.opus, "sonnet": roles.sonnet, "haiku": roles.haiku}
        return next((model for role, model in named.items() if role in requested.lower()), None)

    async def _find(self, name: str) -> TagsModel | None:
        await self._list()
        return self._lookup(name)

    def _lookup(self, name: str) -> TagsModel | None:
        wanted = name.lower()
        for known, model in self._listed.items():
            lower = known.lower()
            if wanted in {lower, lower.removesuffix(":latest"), alias(known)}:
                return model
        return None

    async def _list(self) -> None:
        """Read the list again, unless it is fresh; whoever comes meanwhile waits for it."""
        async with self._reading:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                self._listed = {model.name: model for model in await self._ollama.tags()}
                self._read_at = time.monotonic()

    async def _profile(self, model: TagsModel) -> ModelProfile:
        key = (model.name, model.digest)
        if key not in self._by_digest:
            self._by_digest[key] = _described(model, await self._ollama.show(model.name))
        return self._by_digest[key]


def window(profile: ModelProfile, settings: Settings) -> int:
    """Give the `num_ctx` of a model in tokens: as set, else the least of its maximum and 32,768."""
    if settings.num_ctx is not None:
        return min(settings.num_ctx, profile.context_length or settings.num_ctx)
    return min(profile.context_length or _USUAL_WINDOW, _USUAL_WINDOW)


def _described(model: TagsModel, show: Show) -> ModelProfile:
    details = show.details
    return ModelProfile(
        name=model.name,
        digest=model.digest,
        size=model.size,
        family=details.family,
        parameter_size=details.parameter_size,
        quantization=details.quantization_level,
        modified_at=model.modified_at or show.modified_at,
        context_length=_context_length(model, show),
        capabilities=frozenset(show.capabilities or ("completion",)),
        path=_path(show),
        cloud=bool(show.remote_host or model.remote_host or _CLOUD.search(model.name)),
    )


def _context_length(model: TagsModel, show: Show) -> int | None:
    for key, value in (show.model_info or {}).items():
        if key.endswith(".context_length") and isinstance(value, int):
            return value
    return show.details.context_length or model.details.context_length


def _path(show: Show) -> str:
    """Which way Ollama takes to render and parse, as `/api/show` lets one tell."""
    if parser := _PARSER.search(show.modelfile):
        return f"parser:{parser[1]}"
    if show.details.family in {"gptoss", "gpt-oss"}:
        return "parser:harmony"
    return "native" if "{%" in show.template else "go-template"


def _rank(profile: ModelProfile) -> tuple[int, float, str]:
    family = next((at for at, coder in enumerate(_CODERS) if coder in profile.name), len(_CODERS))
    billions = _billions(profile.parameter_size)
    sensible = billions if billions <= _SENSIBLE_BILLIONS else -billions
    return family, -sensible, profile.name


def _billions(parameter_size: str) -> float:
    number = re.match(r"[\d.]+", parameter_size)
    if number is None:
        return 0.0
    return float(number[0]) / (1000 if parameter_size.upper().endswith("M") else 1)
