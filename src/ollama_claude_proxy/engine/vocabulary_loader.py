"""Loads the vocabularies of the models that are used, so that their tokens are counted exactly.

A vocabulary is asked for once, in the background: the default model's at the start, another's with
its first request. It is some megabytes, and not kept on disk: Ollama has it on the same machine.
Until it is there, and where it cannot be had, tokens are estimated.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from contextlib import suppress

from msgspec import Struct, field

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.prompt_cache.token_counter import TokenCounter
from ollama_claude_proxy.translate.vocabulary.load import load_vocabulary
from ollama_claude_proxy.wire.model import ModelProfile

logger = logging.getLogger(__name__)

# From its start on, requests wait so long for a loading; later ones do not wait for it at all.
_PATIENCE_SECONDS = 1.0
_RETRY_SECONDS = 300.0
# Each takes 2 to 17 MB.
_MAX_LOADED = 4
_DEFAULT = "the default model"


class _Loading(Struct):
    """The loading of a model's vocabulary."""

    digest: str
    started: float = field(default_factory=time.monotonic)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    may_retry: bool = False


class VocabularyLoader:
    """Gives vocabularies to the token counter; at most four are kept, the last that were used."""

    def __init__(
        self, services: ModelServices, counter: TokenCounter, tasks: BackgroundTasks
    ) -> None:
        self._upstream = services.upstream
        self._catalog = services.catalog
        self._counter = counter
        self._tasks = tasks
        self._loadings: OrderedDict[str, _Loading] = OrderedDict()

    def start_default(self) -> None:
        """Start loading the default model's vocabulary."""
        self._tasks.start(("vocabulary", _DEFAULT), self._start_default())

    def start(self, profile: ModelProfile) -> None:
        """Start loading a model's vocabulary, unless it is there or known not to be."""
        loading = self._loadings.get(profile.name)
        if profile.cloud or (loading is not None and not _is_stale(loading, profile)):
            return
        self._counter.use_vocabulary(profile.name, None)
        self._loadings[profile.name] = loading = _Loading(profile.digest)
        key = ("vocabulary", profile.name, profile.digest)
        self._tasks.start(key, self._load(profile.name, loading))

    async def wait(self, profile: ModelProfile) -> None:
        """Wait a moment for a model's vocabulary, if it is being loaded."""
        loading = self._loadings.get(profile.name)
        if loading is None:
            return
        self._loadings.move_to_end(profile.name)
        rest = loading.started + _PATIENCE_SECONDS - time.monotonic()
        if rest > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await loading.ended.wait()

    async def _start_default(self) -> None:
        with suppress(OcpError):  # the first request reports it
            self.start(await self._catalog.default_model())

    async def _load(self, model: str, loading: _Loading) -> None:
        try:
            tokenizer = await self._upstream.tokenizer(model)
            vocabulary = await asyncio.to_thread(load_vocabulary, tokenizer)
        except OcpError as error:
            loading.may_retry = True
            logger.debug("the vocabulary of %s could not be loaded: %s", model, error)
        else:
            if vocabulary is None:
                logger.debug("the tokens of %s are estimated: no known vocabulary", model)
            elif self._loadings.get(model) is loading:
                self._counter.use_vocabulary(model, vocabulary.count)
                self._drop_oldest()
        finally:
            loading.ended.set()

    def _drop_oldest(self) -> None:
        while len(self._loadings) > _MAX_LOADED:
            model, _ = self._loadings.popitem(last=False)
            self._counter.use_vocabulary(model, None)


def _is_stale(loading: _Loading, profile: ModelProfile) -> bool:
    """Whether another vocabulary may be loaded: the model was pulled again, or the last failed."""
    is_due = loading.may_retry and time.monotonic() - loading.started > _RETRY_SECONDS
    return is_due or loading.digest != profile.digest
