"""What `ocp try` found of each model, kept in a file by the model's digest."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct, field

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.settings import trials_path
from ollama_claude_proxy.trial.summary import Summary
from ollama_claude_proxy.trial.verdict import verdict
from ollama_claude_proxy.wire.model import ModelProfile

# The version of the jobs and of their judge; results of another version are forgotten.
_EDITION = 1
_MAX_RESULTS = 200


class TrialResult(Struct, frozen=True, kw_only=True):
    """What one run found of a model; `window` is in tokens, `at` seconds since 1970."""

    model: str
    window: int
    is_quick: bool
    is_finished: bool
    at: float
    summary: Summary

    @property
    def score(self) -> str:
        """How many jobs were done, of how many."""
        return f"{self.summary.done}/{self.summary.jobs}"

    @property
    def verdict(self) -> str:
        """What the model is good for, in words."""
        if not self.is_finished:
            return f"interrupted after {self.summary.jobs} jobs"
        return verdict(self.summary)

    def sort_key(self) -> tuple[float, float]:
        """The key that sorts the best model first: jobs done, then speed."""
        return (-self.summary.share, -(self.summary.tokens_per_second or 0.0))


class _Stored(Struct):
    edition: int = _EDITION
    results: dict[str, TrialResult] = field(default_factory=dict)


class TrialResults:
    """The results of all models; a damaged or outdated file counts as an empty one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or trials_path()
        self._stored = _read(self._path)

    def of(self, profile: ModelProfile) -> TrialResult | None:
        """Return what is known of a model."""
        return self._stored.results.get(_key(profile))

    def keep(self, profile: ModelProfile, result: TrialResult) -> None:
        """Keep the result of a whole run; a quick one does not replace one of all jobs."""
        from ollama_claude_proxy.upstream.private_file import write_private_file  # noqa: PLC0415  # 0.1 s

        results, key = self._stored.results, _key(profile)
        known = results.get(key)
        if result.is_quick and known is not None and not known.is_quick:
            return
        results[key] = result
        for oldest in list(results)[:-_MAX_RESULTS]:
            del results[oldest]
        try:
            write_private_file(self._path, msgspec.json.encode(self._stored))
        except OSError as error:
            output.print_message(f"The result could not be kept in {self._path}: {error}")


def sorted_results(results: Sequence[TrialResult]) -> list[TrialResult]:
    """Return results, the best model first."""
    return sorted(results, key=TrialResult.sort_key)


def _key(profile: ModelProfile) -> str:
    return profile.digest or profile.name


def _read(path: Path) -> _Stored:
    with suppress(OSError, msgspec.DecodeError):
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        if stored.edition == _EDITION:
            return stored
    return _Stored()
