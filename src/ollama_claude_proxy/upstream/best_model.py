"""Which of the installed models is used if the user chose none."""

import re
from collections.abc import Iterable

from ollama_claude_proxy.wire.model import ModelProfile

# Families made for tools and code, the best first.
_CODERS = (
    "qwen3-coder",
    "devstral",
    "gpt-oss",
    "qwen3",
    "glm",
    "qwen2.5-coder",
    "llama3",
    "mistral",
)
_MIN_BILLIONS = 3.0
_MAX_BILLIONS = 35.0


def best_model(profiles: Iterable[ModelProfile]) -> ModelProfile | None:
    """Return the model to take when none was chosen, or None.

    Only one that can call tools and runs on this machine: nothing is sent elsewhere unasked. One of
    3 to 35 billion parameters is preferred: smaller models do not complete a task, larger ones do
    not fit. Then one of a family made for code and tools, then the largest, then the newest.
    """
    candidates = [
        profile
        for profile in profiles
        if profile.tools and profile.completion and not profile.cloud
    ]
    candidates.sort(key=lambda profile: profile.name)
    candidates.sort(key=lambda profile: profile.modified_at, reverse=True)
    return min(candidates, key=_rank, default=None)


def _rank(profile: ModelProfile) -> tuple[int, int, float]:
    billions = _billions(profile.parameter_size)
    if billions > _MAX_BILLIONS:
        return 1, 0, billions
    size_class = 0 if billions >= _MIN_BILLIONS else 2
    matches = (rank for rank, family in enumerate(_CODERS) if family in profile.name)
    family_rank = next(matches, len(_CODERS))
    return size_class, family_rank, -billions


def _billions(parameter_size: str) -> float:
    """Read `7.6B` or `135M`."""
    number = re.match(r"\d+(\.\d+)?", parameter_size)
    if number is None:
        return 0.0
    return float(number[0]) / (1000 if parameter_size.upper().endswith("M") else 1)
