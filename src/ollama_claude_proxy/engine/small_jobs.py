"""Small jobs beside a conversation, such as titles, go to a small model where one is installed.

On the main model they wait for its slot and take the conversation's place in its cache. A small
model that is installed does them as well, if both fit into the graphics card together. That cannot
be known before, so it is tried once, while the main model is loaded there as a whole, and the
result is kept. Without a graphics card both would share the processor, and nothing is tried.
"""

import logging
from collections.abc import Sequence

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.caller import Caller
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.model import LoadedModel, ModelProfile, alias

logger = logging.getLogger(__name__)

_FACT_KIND = "fits beside"
_YES, _NO = "yes", "no"
# A summary of a whole conversation is no small job: the main model has that in its cache. About
# 4,000 tokens.
_MAX_BODY_BYTES = 16_000
# Bytes on disk, and the part of the main model's; a model of 3B quantised to 4 bits has 2 GB.
_MAX_MODEL_BYTES = 2_500_000_000
_MAX_MODEL_PART = 4


class SmallJobs:
    """Chooses the model of small jobs; a model that the user chose for them wins."""

    def __init__(self, services: ModelServices, tasks: BackgroundTasks) -> None:
        self._upstream = services.upstream
        self._catalog = services.catalog
        self._model_facts = services.model_facts
        self._tasks = tasks
        settings = services.settings
        self._is_active = settings.side_jobs == "auto" and settings.roles.haiku is None
        self._known = services.model_facts.by_model(_FACT_KIND)
        self._tried: dict[str, ModelProfile] = {}

    async def choose_model(
        self, caller: Caller, requested: str, main: ModelProfile, *, body_bytes: int
    ) -> ModelProfile:
        """Return the model for a request that `main` would answer."""
        is_named = requested in {main.name, alias(main.name)}
        is_small = caller.is_small_job and body_bytes <= _MAX_BODY_BYTES
        if not self._is_active or not is_small or is_named or main.cloud:
            return main
        small = _small_model(await self._catalog.installed(), main)
        if small is None:
            return main
        known = self._known.get(_pair_key(main, small))
        if known is None and _fits_gpu(await self._loaded(), main):
            self._tried[small.name] = main
            return small
        return small if known == _YES else main

    def start_check(self, model: str) -> None:
        """After a first small job, check whether both models fit into the graphics card."""
        main = self._tried.pop(model, None)
        if main is not None:
            self._tasks.start(("fits beside", model), self._check(main, model))

    async def _check(self, main: ModelProfile, name: str) -> None:
        loaded = await self._loaded()
        try:
            small = await self._catalog.profile(name)
        except OcpError:  # removed meanwhile: the next small job tries again
            return
        fits = _fits_gpu(loaded, main) and _fits_gpu(loaded, small)
        self._known[_pair_key(main, small)] = _YES if fits else _NO
        self._model_facts.keep(_FACT_KIND, _pair_key(main, small), _YES if fits else _NO)
        words = "fits beside" if fits else "does not fit beside"
        chosen = name if fits else main.name
        logger.info("%s %s %s: small jobs go to %s", name, words, main.name, chosen)

    async def _loaded(self) -> list[LoadedModel]:
        try:
            return await self._upstream.loaded()
        except OcpError:  # the request itself reports it
            return []


def _small_model(installed: Sequence[ModelProfile], main: ModelProfile) -> ModelProfile | None:
    """Return the largest of the models that are small beside the main one."""
    max_bytes = min(_MAX_MODEL_BYTES, main.size // _MAX_MODEL_PART)
    candidates = [
        profile
        for profile in installed
        if profile.completion and not profile.cloud and profile.size <= max_bytes
    ]
    return max(candidates, key=lambda profile: profile.size, default=None)


def _fits_gpu(loaded: Sequence[LoadedModel], profile: ModelProfile) -> bool:
    """Whether a model is loaded, all of it into the graphics card."""
    return any(model.is_called(profile.name) and model.fits_gpu for model in loaded)


def _pair_key(main: ModelProfile, small: ModelProfile) -> str:
    return f"{small.digest} {main.digest}"
