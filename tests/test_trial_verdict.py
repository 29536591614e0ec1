"""What many jobs add up to, and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.trial.judge import Fault, FaultKind
from ollama_claude_proxy.trial.play import Answer, JobResult
from ollama_claude_proxy.trial.standard_jobs import standard_jobs
from ollama_claude_proxy.trial.summary import summarize
from ollama_claude_proxy.trial.verdict import verdict

KINDS = list(dict.fromkeys(job.kind for job in standard_jobs().jobs))
FAULTS = st.builds(Fault, st.sampled_from(FaultKind), st.just("why"))
RESULTS = st.lists(
    st.builds(
        JobResult,
        st.just("job"),
        st.sampled_from([*KINDS, "another"]),
        fault=st.none() | FAULTS,
        error=st.sampled_from(["", "", "no answer"]),
    )
)


def results(**faults: FaultKind | str | None) -> list[JobResult]:
    """Return one job of each kind: done, or with the fault or error that is named."""
    made = []
    for kind in KINDS:
        fault = faults.get(kind)
        is_fault = isinstance(fault, FaultKind)
        made.append(
            JobResult(
                kind,
                kind,
                fault=Fault(fault, "why") if isinstance(fault, FaultKind) else None,
                error="" if is_fault or fault is None else fault,
            )
        )
    return made


@given(RESULTS)
def test_every_result_has_one_line_of_words(played: list[JobResult]) -> None:
    words = verdict(summarize(played))
    assert words
    assert "\n" not in words
    assert not words.endswith((" ", ";", ","))


@given(RESULTS)
def test_the_counts_add_up(played: list[JobResult]) -> None:
    summary = summarize(played)
    assert summary.jobs == len(played)
    assert summary.done + len(summary.failures) == summary.jobs
    assert summary.done <= summary.right_names <= summary.jobs
    assert sum(count.jobs for count in summary.kinds.values()) == summary.jobs
    assert sum(count.done for count in summary.kinds.values()) == summary.done


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({}, "good for Claude Code: did everything"),
        ({"nested": FaultKind.MISSING}, "good for Claude Code; loses parameters in nested objects"),
        (
            {"nested": FaultKind.MISSING, "quotes": FaultKind.WRONG},
            (
                "good for edits, several steps and new files; loses parameters in nested objects,"
                " gets values wrong in texts with quotes and signs"
            ),
        ),
        (
            dict.fromkeys(KINDS[:6], FaultKind.NO_CALL),
            (
                "for simple jobs only: several steps, choosing a tool and numbers and switches;"
                " answers in words instead of calling for edits and new files"
            ),
        ),
        (
            dict.fromkeys(KINDS, FaultKind.OTHER_TOOL),
            "not for Claude Code; takes the wrong tool for edits and several steps",
        ),
        (
            dict.fromkeys(KINDS, "out of memory"),
            "not for Claude Code; gave no answer for edits and several steps",
        ),
    ],
)
def test_the_verdict_says_what_is_good_and_what_is_not(
    faults: dict[str, FaultKind | str | None], words: str
) -> None:
    assert verdict(summarize(results(**faults))) == words


def test_the_speed_leaves_out_the_answer_that_loaded_the_model() -> None:
    loading = JobResult("a", "read", (Answer([], tokens=10, seconds=100.0),))
    others = [JobResult("b", "read", (Answer([], tokens=30, seconds=2.0, repaired=1),))] * 2
    summary = summarize([loading, *others])
    assert (summary.tokens_per_second, summary.seconds, summary.repaired) == (15.0, 104.0, 2)
    assert summarize([loading]).tokens_per_second == 0.1
    assert summarize([]).tokens_per_second is None
