"""The prefix cache of llama.cpp's server: its slots, and what is kept of them in the host's memory.

Tokens are made up. A word is cut into pieces of four signs, of which the first takes the one space
before it along; up to four equal white-space signs are one token, any other sign is one. That comes
to 3.5 characters a token of English prose, 2.5 of code. A text's beginning has the same tokens as
the text, save for the last one where it was cut.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

IMAGE_TOKENS = 1000

_SIMILAR_ABOVE = 0.1  # so much of the new prompt has to stand in a slot for that slot to be chosen
_SAVED_BELOW = 0.5  # a slot that would keep less of its own is saved
_LOADED_FROM = 0.25  # a saved prompt of which less would survive is left where it is
# Private signs stand around an image's hash where the image stands.
_TOKEN = re.compile("\ue000(?P<image>[0-9a-f]+)\ue001" + r"| ?\w{1,4}|(\s)\2{0,3}|[^\w\s]")


def tokens_of(prompt: str) -> list[str]:
    """Cut a prompt into tokens; an image that `mark` stands for is a thousand of them."""
    tokens: list[str] = []
    for found in _TOKEN.finditer(prompt):
        image = found["image"] is not None
        tokens += [found[0]] * IMAGE_TOKENS if image else [found[0]]
    return tokens


def mark(image: str) -> str:
    """Give what stands in a prompt for an image: equal for equal ones."""
    return f"\ue000{hashlib.sha256(image.encode()).hexdigest()}\ue001"


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Give the length of the longest common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


@dataclass(eq=False)
class Slot:
    """What was read and written last; `used`: when, in requests."""

    tokens: list[str] = field(default_factory=list)
    used: int = 0
    busy: bool = False

    def keeps(self, prompt: Sequence[str]) -> float:
        """Give the part of its tokens that would survive a prompt; an empty slot has none."""
        return common(self.tokens, prompt) / len(self.tokens) if self.tokens else -1.0


class KvCache:
    """The slots of one runner; `ram_tokens`: how much may be saved (None: no end, 0: nothing)."""

    def __init__(self, slots: int, ram_tokens: int | None = None) -> None:
        self.slots = [Slot() for _ in range(slots)]
        self.saved: list[list[str]] = []
        self._ram_tokens = ram_tokens
        self._clock = itertools.count(1)

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return not any(slot.busy for slot in self.slots)

    def take(self, prompt: list[str]) -> Slot | None:
        """Choose a slot and leave in it what need not be read again; None: all are busy.

        At least one token of a prompt is always to be read.
        """
        free = [slot for slot in self.slots if not slot.busy]
        if not free:
            return None
        slot = max(free, key=lambda one: common(one.tokens, prompt))
        similar = common(slot.tokens, prompt) > _SIMILAR_ABOVE * len(prompt)
        if not similar:
            slot = min(free, key=lambda one: one.used)
        if not similar or slot.keeps(prompt) < _SAVED_BELOW:
            self._save(slot.tokens)
            self._load(slot, prompt)
            self._shrink()
        kept = min(common(slot.tokens, prompt), max(len(prompt) - 1, 0))
        slot.tokens = slot.tokens[:kept]
        slot.busy = True
        return slot

    def free(self, slot: Slot) -> None:
        """Give a slot back; it keeps the tokens that it has."""
        slot.busy = False
        slot.used = next(self._clock)

    def _save(self, tokens: list[str]) -> None:
        held = any(common(one, tokens) == len(tokens) for one in self.saved)
        if held or not tokens or self._ram_tokens == 0:
            return
        self.saved = [one for one in self.saved if common(one, tokens) < len(one)]
        self.saved.append(tokens)

    def _load(self, slot: Slot, prompt: list[str]) -> None:
        """Move in the best of the saved prompts: it has to share more, and to lose less of its own.

        The slot's own state, just saved, never is better than itself. That a larger part of the
        saved one has to survive is why a slot that looks like the prompt's beginning is kept.
        """
        keeps, shared = slot.keeps(prompt), common(slot.tokens, prompt)
        best: list[str] | None = None
        for one in self.saved:
            same = common(one, prompt)
            part = same / len(one)
            if part >= _LOADED_FROM and part > keeps and same > shared:
                best, keeps, shared = one, part, same
        if best is not None:
            self.saved = [one for one in self.saved if one is not best]
            slot.tokens = best

    def _shrink(self) -> None:
        """Drop the oldest while there is too much; llama.cpp always keeps the last one."""
        if self._ram_tokens is None:
            return
        while len(self.saved) > 1 and sum(map(len, self.saved)) > self._ram_tokens:
            self.saved.pop(0)
