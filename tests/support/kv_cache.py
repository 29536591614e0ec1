"""llama.cpp's prefix cache with one slot, in characters for tokens.

As measured on Ollama 0.32.15: the slot keeps what it was shown last. When less than half of that
would survive a new prompt, its state is saved in the host's memory, and a saved one is loaded if
more of it fits the new prompt and at least a quarter of it would survive.
"""

from dataclasses import dataclass, field

_SAVED_BELOW = 0.5
_LOADED_FROM = 0.25


@dataclass
class KvCache:
    """`reads` has, for each prompt that ran, its text and how many characters had to be read."""

    slot: str = ""
    saved: list[str] = field(default_factory=list)
    reads: list[tuple[str, int]] = field(default_factory=list)

    def run(self, prompt: str, answer: str) -> int:
        """Run a prompt; give how much of it had to be read."""
        same = common(self.slot, prompt)
        if self.slot and same / len(self.slot) < _SAVED_BELOW:
            self.saved = [one for one in self.saved if not self.slot.startswith(one)]
            self.saved.append(self.slot)
            best = max(self.saved, key=lambda one: common(one, prompt))
            fits = common(best, prompt)
            if fits > same and fits / len(best) >= _LOADED_FROM:
                self.saved.remove(best)
                same = fits
        read = max(len(prompt) - same, 1)
        self.slot = prompt + answer
        self.reads.append((prompt, read))
        return read


def common(one: str, other: str) -> int:
    """Give the length of the longest common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))
