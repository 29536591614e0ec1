"""What all jobs of a model add up to."""

from collections.abc import Sequence

from msgspec import Struct

from ollama_claude_proxy.trial.judge import FaultKind
from ollama_claude_proxy.trial.play import JobResult

# The tool was the right one, and its arguments were not.
_ARGUMENT_FAULTS = frozenset({FaultKind.MISSING, FaultKind.WRONG, FaultKind.UNEXPECTED})
# No answer came.
ERROR = "error"


class KindCount(Struct, frozen=True):
    """How many jobs of a kind there were, and how many were done."""

    jobs: int
    done: int


class Failure(Struct, frozen=True):
    """A job that was not done; `fault` is a `FaultKind` or `error`, `argument` may be empty."""

    job: str
    kind: str
    fault: str
    argument: str
    why: str


class Summary(Struct, frozen=True, kw_only=True):
    """The counts of all jobs.

    `done`: with the right names and the right arguments; `right_names`: with the right names.
    `repaired` counts calls, `second_chances` requests. `tokens_per_second` is what was written in
    the time from each request to its whole answer, without the first, which loads the model.
    """

    jobs: int
    done: int
    right_names: int
    repaired: int
    second_chances: int
    tokens_per_second: float | None
    seconds: float
    kinds: dict[str, KindCount]
    failures: tuple[Failure, ...]

    @property
    def share(self) -> float:
        """The part of the jobs that were done, from 0 to 1."""
        return self.done / self.jobs if self.jobs else 0.0


def summarize(results: Sequence[JobResult]) -> Summary:
    """Return the counts of a model's jobs."""
    answers = [answer for result in results for answer in result.answers]
    timed = answers[1:] or answers
    seconds = sum(answer.seconds for answer in timed)
    return Summary(
        jobs=len(results),
        done=sum(result.is_done for result in results),
        right_names=sum(_has_right_names(result) for result in results),
        repaired=sum(answer.repaired for answer in answers),
        second_chances=sum(answer.asked_again for answer in answers),
        tokens_per_second=sum(answer.tokens for answer in timed) / seconds if seconds else None,
        seconds=sum(answer.seconds for answer in answers),
        kinds=_count_kinds(results),
        failures=tuple(_failure(result) for result in results if not result.is_done),
    )


def _has_right_names(result: JobResult) -> bool:
    return result.is_done or (result.fault is not None and result.fault.kind in _ARGUMENT_FAULTS)


def _count_kinds(results: Sequence[JobResult]) -> dict[str, KindCount]:
    kinds = dict.fromkeys(result.kind for result in results)
    return {
        kind: KindCount(
            sum(result.kind == kind for result in results),
            sum(result.kind == kind and result.is_done for result in results),
        )
        for kind in kinds
    }


def _failure(result: JobResult) -> Failure:
    fault = result.fault
    kind = ERROR if fault is None else fault.kind.value
    return Failure(result.job, result.kind, kind, fault.argument if fault else "", result.why)
