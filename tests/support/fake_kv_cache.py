"""The prompt cache of llama.cpp's server: its slots, and the prompts saved in the host's memory.

The tokenizer is made up. A word is cut into pieces of four characters, and the first piece includes
one space before the word; up to four equal white-space characters are one token, any other
character is one. That is 3.5 characters per token of English prose, 2.5 of code. The beginning of a
text has the same tokens as the text, except the last one, where it was cut.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

IMAGE_TOKENS = 1000

_MIN_SIMILARITY = 0.1  # a slot is chosen if it has more of the new prompt than this
_SAVE_BELOW_KEPT = 0.5  # a slot that would keep less of its own tokens is saved
_MIN_LOADED_SHARE = 0.25  # a saved prompt that would keep less is not loaded
# Private-use characters enclose an image's hash in place of the image.
_TOKEN = re.compile("\ue000(?P<image>[0-9a-f]+)\ue001" + r"| ?\w{1,4}|(\s)\2{0,3}|[^\w\s]")


def tokenize(prompt: str) -> list[str]:
    """Split a prompt into tokens; an `image_marker` is a thousand of them."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(prompt):
        is_image = match["image"] is not None
        tokens += [match[0]] * IMAGE_TOKENS if is_image else [match[0]]
    return tokens


def image_marker(image: str) -> str:
    """Return the text that replaces an image in a prompt: the same for equal images."""
    return f"\ue000{hashlib.sha256(image.encode()).hexdigest()}\ue001"


def common_prefix_length(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common prefix."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, pair in pairs if pair[0] != pair[1]), min(len(left), len(right)))


@dataclass(eq=False)
class Slot:
    """The tokens read and written last; `last_used`: when, in requests."""

    tokens: list[str] = field(default_factory=list)
    last_used: int = 0
    busy: bool = False

    def kept_share(self, prompt: Sequence[str]) -> float:
        """Return the share of its tokens that a prompt would keep; -1 for an empty slot."""
        return common_prefix_length(self.tokens, prompt) / len(self.tokens) if self.tokens else -1.0


class KvCache:
    """The slots of one runner; `ram_tokens`: how much may be saved (None: no limit, 0: nothing)."""

    def __init__(self, slots: int, ram_tokens: int | None = None) -> None:
        self.slots = [Slot() for _ in range(slots)]
        self.saved: list[list[str]] = []
        self._ram_tokens = ram_tokens
        self._clock = itertools.count(1)

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return not any(slot.busy for slot in self.slots)

    def acquire(self, prompt: list[str]) -> Slot | None:
        """Choose a slot and keep in it what need not be read again; None: all are busy.

        At least one token of a prompt has to be read.
        """
        idle = [slot for slot in self.slots if not slot.busy]
        if not idle:
            return None
        slot = max(idle, key=lambda slot: common_prefix_length(slot.tokens, prompt))
        similar = common_prefix_length(slot.tokens, prompt) > _MIN_SIMILARITY * len(prompt)
        if not similar:
            slot = min(idle, key=lambda slot: slot.last_used)
        if not similar or slot.kept_share(prompt) < _SAVE_BELOW_KEPT:
            self._save(slot.tokens)
            self._load(slot, prompt)
            self._shrink()
        kept = min(common_prefix_length(slot.tokens, prompt), max(len(prompt) - 1, 0))
        slot.tokens = slot.tokens[:kept]
        slot.busy = True
        return slot

    def release(self, slot: Slot) -> None:
        """Free a slot; it keeps its tokens."""
        slot.busy = False
        slot.last_used = next(self._clock)

    def _save(self, tokens: list[str]) -> None:
        already_saved = any(
            common_prefix_length(prompt, tokens) == len(tokens) for prompt in self.saved
        )
        if already_saved or not tokens or self._ram_tokens == 0:
            return
        self.saved = [
            prompt for prompt in self.saved if common_prefix_length(prompt, tokens) < len(prompt)
        ]
        self.saved.append(tokens)

    def _load(self, slot: Slot, prompt: list[str]) -> None:
        """Load the best saved prompt; it has to share more and lose less of its own than the slot.

        The slot's own state, just saved, is never better than itself. A slot that is a prefix of
        the prompt stays, because a larger share of a saved prompt would have to survive.
        """
        best_share, best_common = slot.kept_share(prompt), common_prefix_length(slot.tokens, prompt)
        best: list[str] | None = None
        for saved in self.saved:
            common = common_prefix_length(saved, prompt)
            share = common / len(saved)
            if share >= _MIN_LOADED_SHARE and share > best_share and common > best_common:
                best, best_share, best_common = saved, share, common
        if best is not None:
            self.saved = [saved for saved in self.saved if saved is not best]
            slot.tokens = best

    def _shrink(self) -> None:
        """Drop the oldest while there is too much; llama.cpp always keeps the last one."""
        if self._ram_tokens is None:
            return
        while len(self.saved) > 1 and sum(map(len, self.saved)) > self._ram_tokens:
            self.saved.pop(0)
