"""How the fake Ollama runs its models: what is loaded, who has a slot, how much prompt is read."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from support.fake_chat_lines import ChatLines
from support.fake_endpoints import Endpoints
from support.fake_kv_cache import KvCache, Slot, common_prefix_length, image_marker, tokenize
from support.fake_models import FakeModel
from support.fake_refusals import context_window
from support.fake_rendering import render

_BATCH_TOKENS = 512  # tokens read at a time; a client that disconnects is noticed after a batch
_LOAD_NANOSECONDS = 1_500_000_000  # what a load is reported to take
_REPORTED_SECONDS_PER_TOKEN = 0.001  # where no time is really spent
_UNLOAD_NOW = {0, "0", "0s", "0m"}
_POLL_SECONDS = 0.002


class RunnerKey(NamedTuple):
    """What a request needs of its model's runner; Ollama reloads the model for another key."""

    model: str
    window: int
    shift: bool


@dataclass(eq=False)
class Runner:
    """A loaded model; `just_loaded`: nothing has run on it yet."""

    key: RunnerKey
    cache: KvCache
    just_loaded: bool = True
    unload_when_idle: bool = False


class Runners(Endpoints):
    """The loaded models. Without `slots` all requests run at once, and no prompt has to be read.

    `slots` is Ollama's `OLLAMA_NUM_PARALLEL`; `ram_tokens` is how much each model may save outside
    its slots. `seconds_per_token` is really spent in reading, and `only_one_fits` makes one model
    evict the other. `reads` has, for each request that got a slot, its model, the tokens of its
    prompt, and how many of them have been read so far, without those that were in the cache.
    """

    def __init__(
        self,
        models: Iterable[FakeModel],
        version: str,
        slots: int | None = None,
        ram_tokens: int | None = None,
    ) -> None:
        super().__init__(models, version)
        self.count: Callable[[dict[str, Any]], int] = estimate_tokens
        self.seconds_per_token = 0.0
        self.only_one_fits = False
        self.reads: list[tuple[str, int, int]] = []
        self._slots = slots
        self._ram_tokens = ram_tokens
        self._runners: dict[str, Runner] = {}
        self._waiting: dict[int, RunnerKey] = {}
        self._tickets = itertools.count()

    def prompt_of(self, body: dict[str, Any]) -> str:
        """Return the prompt that the model of a `/api/chat` body is shown."""
        model = self.model(body["model"])
        assert model is not None, body["model"]
        return render(model.renderer, body)

    def shared_prefix(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[int, int]:
        """Return the tokens that two bodies' prompts share at the front, and the first's total."""
        first = tokenize(self._marked_prompt(before))
        return common_prefix_length(first, tokenize(self._marked_prompt(after))), len(first)

    def count_prompt(self, body: dict[str, Any]) -> int:
        """Count the tokens of a body's prompt, with the cache's tokenizer if there is a cache."""
        return self.count(body) if self._slots is None else len(tokenize(self._marked_prompt(body)))

    @property
    def waiting(self) -> int:
        """The number of requests that wait for a slot."""
        return len(self._waiting)

    async def load(self, body: dict[str, Any], model: FakeModel) -> Runner:
        """Load the model as a request needs it; wait while running requests prevent that."""
        key = _runner_key(body, model)
        while (runner := self._runner(key, model)) is None:  # noqa: ASYNC110  # all waits here poll
            await asyncio.sleep(_POLL_SECONDS)
        return runner

    def unload(self, model: FakeModel) -> None:
        """Unload a model as soon as nothing runs on it."""
        runner = self._runners.get(model.name)
        if runner is None:
            self.loaded.pop(model.name, None)
            return
        runner.unload_when_idle = True
        self._unload_if_idle(runner)

    def unload_all(self) -> None:
        """Unload everything at once."""
        self.loaded.clear()
        self._runners.clear()
        self._waiting.clear()

    @asynccontextmanager
    async def run_turn(self, body: dict[str, Any], model: FakeModel) -> AsyncIterator[ChatLines]:
        """Wait for a slot, read the prompt, yield the writer of the answer, and free the slot."""
        lines = ChatLines(
            body["model"],
            model.path,
            self.count_prompt(body),
            dialect=model.dialect,
            parsed=model.parses(body),
            logprobs=bool(body.get("logprobs")),
        )
        if self._slots is None:
            await self.load(body, model)
            yield lines
            return
        prompt = self._marked_prompt(body)
        tokens = tokenize(prompt)
        runner, slot = await self._slot(body, model, tokens)
        try:
            await self._read(slot, tokens, runner, lines)
            try:
                yield lines
            finally:
                slot.tokens = tokenize(prompt + lines.written_text)
        finally:
            runner.cache.release(slot)
            self._unload_if_idle(runner)

    def _marked_prompt(self, body: dict[str, Any]) -> str:
        """Return a body's prompt with a marker in place of each image."""
        messages = [
            message
            | {
                "content": "".join(map(image_marker, message["images"]))
                + (message.get("content") or "")
            }
            if message.get("images")
            else message
            for message in body.get("messages") or []
        ]
        return self.prompt_of(body | {"messages": messages})

    async def _slot(
        self, body: dict[str, Any], model: FakeModel, tokens: list[str]
    ) -> tuple[Runner, Slot]:
        """Wait for a slot in order of arrival; a request that is cancelled leaves the queue."""
        key, ticket = _runner_key(body, model), next(self._tickets)
        self._waiting[ticket] = key
        try:
            while True:
                first = next(number for number, waiting in self._waiting.items() if waiting == key)
                runner = self._runner(key, model) if first == ticket else None
                slot = runner.cache.acquire(tokens) if runner else None
                if runner and slot:
                    runner.unload_when_idle = body.get("keep_alive") in _UNLOAD_NOW
                    return runner, slot
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            self._waiting.pop(ticket, None)

    def _runner(self, key: RunnerKey, model: FakeModel) -> Runner | None:
        """Return the runner for a key, loading it if needed; None while another must be kept.

        Requests for a loaded model overtake those that would evict it.
        """
        runner = self._runners.get(key.model)
        if runner is None or runner.key != key:
            evicted = [
                other for other in self._runners.values() if self.only_one_fits or other is runner
            ]
            if any(
                not other.cache.idle or other.key in self._waiting.values() for other in evicted
            ):
                return None
            for other in evicted:
                self._unload(other)
            runner = Runner(key, KvCache(self._slots or 1, self._ram_tokens))
        self._runners[key.model] = runner
        self.loaded[key.model] = model.size
        self.windows[key.model] = key.window
        return runner

    async def _read(self, slot: Slot, tokens: list[str], runner: Runner, lines: ChatLines) -> None:
        """Read what the slot does not have, batch by batch; what was read stays in the slot."""
        kept, place = len(slot.tokens), len(self.reads)
        self.reads.append((runner.key.model, len(tokens), 0))
        if runner.just_loaded:
            lines.load_duration, runner.just_loaded = _LOAD_NANOSECONDS, False
        while (done := len(slot.tokens)) < len(tokens):
            batch = tokens[done : done + _BATCH_TOKENS]
            await asyncio.sleep(len(batch) * self.seconds_per_token)
            slot.tokens = [*slot.tokens, *batch]
            self.reads[place] = (runner.key.model, len(tokens), len(slot.tokens) - kept)
        seconds = (len(tokens) - kept) * (self.seconds_per_token or _REPORTED_SECONDS_PER_TOKEN)
        lines.prompt_eval_duration = int(seconds * 1e9)

    def _unload_if_idle(self, runner: Runner) -> None:
        if runner.unload_when_idle and runner.cache.idle:
            self._unload(runner)

    def _unload(self, runner: Runner) -> None:
        if self._runners.get(runner.key.model) is runner:
            del self._runners[runner.key.model]
            self.loaded.pop(runner.key.model, None)


def estimate_tokens(body: dict[str, Any]) -> int:
    """Estimate the tokens as a quarter of the characters of messages and tools."""
    return len(json.dumps([body.get("messages"), body.get("tools")])) // 4


def _runner_key(body: dict[str, Any], model: FakeModel) -> RunnerKey:
    return RunnerKey(model.name, context_window(body, model), body.get("shift") is not False)
