"""How the fake Ollama runs its models: what is loaded, whose turn it is, what has to be read."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from support.fake_cache import KvCache, Slot, common, mark, tokens_of
from support.fake_endpoints import Neighbours
from support.fake_lines import Lines
from support.fake_models import FakeModel
from support.fake_refusals import window_of
from support.fake_rendering import render

_BATCH = 512  # tokens that are read at a time; what a client that leaves waits for
_LOADED_IN = 1_500_000_000  # nanoseconds that a load is said to take
_UNTIMED = 0.001  # seconds a token that are told where none are spent
_AT_ONCE = {0, "0", "0s", "0m"}
_LOOK = 0.002


class Wish(NamedTuple):
    """What a request wants of its model's runner; another wish makes Ollama load it anew."""

    model: str
    window: int
    shift: bool


@dataclass(eq=False)
class Runner:
    """A loaded model; `fresh`: nothing has run on it; `leaves`: it is unloaded once it is idle."""

    wish: Wish
    cache: KvCache
    fresh: bool = True
    leaves: bool = False


class Runners(Neighbours):
    """The loaded models. Without `slots` all requests run at once, and nothing has to be read.

    `slots` is Ollama's `OLLAMA_NUM_PARALLEL`; `ram_tokens` how much each model may save beside its
    slots. `seconds_per_token` is really spent in reading, and `only_one_fits` makes one model push
    the other out. `reads` has, for each request that got a slot, its model, the tokens of its
    prompt, and how many of them have been read so far: without those that were in the cache.
    """

    def __init__(
        self,
        models: Iterable[FakeModel],
        version: str,
        slots: int | None = None,
        ram_tokens: int | None = None,
    ) -> None:
        super().__init__(models, version)
        self.count: Callable[[dict[str, Any]], int] = quarter
        self.seconds_per_token = 0.0
        self.only_one_fits = False
        self.reads: list[tuple[str, int, int]] = []
        self._slots = slots
        self._ram_tokens = ram_tokens
        self._runners: dict[str, Runner] = {}
        self._waiting: dict[int, Wish] = {}
        self._tickets = itertools.count()

    def prompt_of(self, body: dict[str, Any]) -> str:
        """Give the prompt that the model of a `/api/chat` body is shown."""
        model = self.model(body["model"])
        assert model is not None, body["model"]
        return render(model.renderer, body)

    def shared(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[int, int]:
        """Give the tokens at the front that two bodies' prompts share, and those of the first."""
        first = tokens_of(self._shown(before))
        return common(first, tokens_of(self._shown(after))), len(first)

    def counted(self, body: dict[str, Any]) -> int:
        """Give the tokens of a body's prompt: as the cache has them where there is one."""
        return self.count(body) if self._slots is None else len(tokens_of(self._shown(body)))

    async def ready(self, body: dict[str, Any], model: FakeModel) -> Runner:
        """Have the model loaded as a request wants it; wait while what runs is in the way."""
        wish = _wish(body, model)
        while (runner := self._runner(wish, model)) is None:  # noqa: ASYNC110  # as all waits here
            await asyncio.sleep(_LOOK)
        return runner

    def unload(self, model: FakeModel) -> None:
        """Unload a model as soon as nothing runs on it."""
        runner = self._runners.get(model.name)
        if runner is None:
            self.loaded.pop(model.name, None)
            return
        runner.leaves = True
        self._let_go(runner)

    def forget(self) -> None:
        """Unload everything at once."""
        self.loaded.clear()
        self._runners.clear()
        self._waiting.clear()

    @asynccontextmanager
    async def turn(self, body: dict[str, Any], model: FakeModel) -> AsyncIterator[Lines]:
        """Wait for a slot and read the prompt; give what writes the answer, and then free it."""
        lines = Lines(
            body["model"],
            model.path,
            self.counted(body),
            dialect=model.dialect,
            parsed=model.parses(body),
            logprobs=bool(body.get("logprobs")),
        )
        if self._slots is None:
            await self.ready(body, model)
            yield lines
            return
        prompt = self._shown(body)
        tokens = tokens_of(prompt)
        runner, slot = await self._slot(body, model, tokens)
        try:
            await self._read(slot, tokens, runner, lines)
            try:
                yield lines
            finally:
                slot.tokens = tokens_of(prompt + lines.said)
        finally:
            runner.cache.free(slot)
            self._let_go(runner)

    def _shown(self, body: dict[str, Any]) -> str:
        """Give a body's prompt with marks where its images stand."""
        marked = [
            one | {"content": "".join(map(mark, one["images"])) + (one.get("content") or "")}
            if one.get("images")
            else one
            for one in body.get("messages") or []
        ]
        return self.prompt_of(body | {"messages": marked})

    async def _slot(
        self, body: dict[str, Any], model: FakeModel, tokens: list[str]
    ) -> tuple[Runner, Slot]:
        """Wait for a slot, behind those who want the same; who gives up has never been there."""
        wish, ticket = _wish(body, model), next(self._tickets)
        self._waiting[ticket] = wish
        try:
            while True:
                first = next(other for other, one in self._waiting.items() if one == wish)
                runner = self._runner(wish, model) if first == ticket else None
                slot = runner.cache.take(tokens) if runner else None
                if runner and slot:
                    runner.leaves = body.get("keep_alive") in _AT_ONCE
                    return runner, slot
                await asyncio.sleep(_LOOK)
        finally:
            self._waiting.pop(ticket, None)

    def _runner(self, wish: Wish, model: FakeModel) -> Runner | None:
        """Give the runner of a wish, loaded if need be; None while another is in the way.

        Requests for what is loaded overtake those that would push it out.
        """
        runner = self._runners.get(wish.model)
        if runner is None or runner.wish != wish:
            pushed = [one for one in self._runners.values() if self.only_one_fits or one is runner]
            if any(not one.cache.idle or one.wish in self._waiting.values() for one in pushed):
                return None
            for one in pushed:
                self._drop(one)
            runner = Runner(wish, KvCache(self._slots or 1, self._ram_tokens))
        self._runners[wish.model] = runner
        self.loaded[wish.model] = model.size
        self.windows[wish.model] = wish.window
        return runner

    async def _read(self, slot: Slot, tokens: list[str], runner: Runner, lines: Lines) -> None:
        """Read what the slot does not have, batch by batch; what was read stays there."""
        kept, place = len(slot.tokens), len(self.reads)
        self.reads.append((runner.wish.model, len(tokens), 0))
        if runner.fresh:
            lines.load_duration, runner.fresh = _LOADED_IN, False
        while (done := len(slot.tokens)) < len(tokens):
            batch = tokens[done : done + _BATCH]
            await asyncio.sleep(len(batch) * self.seconds_per_token)
            slot.tokens = [*slot.tokens, *batch]
            self.reads[place] = (runner.wish.model, len(tokens), len(slot.tokens) - kept)
        seconds = (len(tokens) - kept) * (self.seconds_per_token or _UNTIMED)
        lines.prompt_eval_duration = int(seconds * 1e9)

    def _let_go(self, runner: Runner) -> None:
        if runner.leaves and runner.cache.idle:
            self._drop(runner)

    def _drop(self, runner: Runner) -> None:
        if self._runners.get(runner.wish.model) is runner:
            del self._runners[runner.wish.model]
            self.loaded.pop(runner.wish.model, None)


def quarter(body: dict[str, Any]) -> int:
    """Count tokens as a quarter of the characters of messages and tools."""
    return len(json.dumps([body.get("messages"), body.get("tools")])) // 4


def _wish(body: dict[str, Any], model: FakeModel) -> Wish:
    return Wish(model.name, window_of(body, model), body.get("shift") is not False)
