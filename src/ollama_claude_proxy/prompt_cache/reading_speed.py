"""How fast models read prompts, learned from what the backend reports.

Ollama reports how long it read, which is only about the tokens that were not in its cache. So once
a model's speed is known, the time tells how many those were.
"""

from collections import defaultdict, deque

# Of so many readings the fastest counts: the others were disturbed, or are of few tokens.
_MAX_READINGS = 12
# What is reported of fewer tokens is mostly not their reading.
_MIN_TOKENS = 200


class ReadingSpeed:
    """Remembers the last readings of each model, in nanoseconds for each token."""

    def __init__(self) -> None:
        self._readings: defaultdict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=_MAX_READINGS)
        )

    def learn(self, model: str, tokens: int, duration: int, *, anew: bool = False) -> None:
        """Learn that so many tokens were read in so many nanoseconds.

        `anew`: the model was loaded for it, perhaps to another place; earlier readings are void.
        """
        if tokens < _MIN_TOKENS or duration <= 0:
            return
        if anew:
            self._readings[model].clear()
        self._readings[model].append(duration / tokens)

    def nanoseconds_per_token(self, model: str) -> float | None:
        """Return the time that a token takes, if it is known; others take no less."""
        return min(self._readings[model], default=None) if model in self._readings else None
