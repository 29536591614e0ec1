"""A summary in words: what a model is good for, and what goes wrong most."""

from collections import Counter
from collections.abc import Iterable

from ollama_claude_proxy.trial.judge import FaultKind
from ollama_claude_proxy.trial.summary import ERROR, Failure, Summary

# What each kind of job is about; what an agent needs most comes first.
_SUBJECTS = {
    "edit": "edits",
    "steps": "several steps",
    "write": "new files",
    "search": "searches",
    "command": "commands",
    "read": "reading",
    "choose": "choosing a tool",
    "numbers": "numbers and switches",
    "nested": "nested objects",
    "quotes": "texts with quotes and signs",
    "web": "web pages",
}
_WEAKNESSES = {
    FaultKind.NO_CALL: "answers in words instead of calling for {}",
    FaultKind.OTHER_TOOL: "takes the wrong tool for {}",
    FaultKind.MISSING: "loses parameters in {}",
    FaultKind.WRONG: "gets values wrong in {}",
    FaultKind.UNEXPECTED: "makes up parameters in {}",
    FaultKind.REPEATED: "repeats calls in {}",
    FaultKind.NO_PROGRESS: "goes round in circles in {}",
    ERROR: "gave no answer for {}",
}
_GOOD, _FAIR, _POOR = 0.9, 0.6, 0.3  # parts of the jobs
_MAX_STRENGTHS = 3
_MAX_WEAKNESSES = 2


def verdict(summary: Summary) -> str:
    """Return what a model is good for, such as `good for edits; loses parameters in commands`."""
    if summary.jobs and summary.done == summary.jobs:
        return "good for Claude Code: did everything"
    weaknesses = ", ".join(_weaknesses(summary))
    if summary.share >= _GOOD:
        return f"good for Claude Code; {weaknesses}"
    strengths = _join(_strengths(summary)) or "little"
    if summary.share >= _FAIR:
        return f"good for {strengths}; {weaknesses}"
    if summary.share >= _POOR:
        return f"for simple jobs only: {strengths}; {weaknesses}"
    return f"not for Claude Code; {weaknesses}" if weaknesses else "not tried"


def _strengths(summary: Summary) -> list[str]:
    """Return the subjects in which everything was done."""
    whole = (kind for kind, count in summary.kinds.items() if count.done == count.jobs)
    ordered = sorted(whole, key=_importance)
    return [_subject(kind) for kind in ordered[:_MAX_STRENGTHS]]


def _weaknesses(summary: Summary) -> list[str]:
    """Return what goes wrong in the worst kinds of jobs, the same fault said once."""
    failed = Counter(failure.kind for failure in summary.failures)
    subjects: dict[str, list[str]] = {}

    def badness(kind: str) -> tuple[float, int]:
        return (-failed[kind] / summary.kinds[kind].jobs, _importance(kind))

    for kind in sorted(failed, key=badness)[:_MAX_WEAKNESSES]:
        fault = _commonest_fault(summary.failures, kind)
        subjects.setdefault(fault, []).append(_subject(kind))
    return [_WEAKNESSES[fault].format(_join(words)) for fault, words in subjects.items()]


def _commonest_fault(failures: Iterable[Failure], kind: str) -> str:
    faults = Counter(failure.fault for failure in failures if failure.kind == kind)
    return faults.most_common(1)[0][0]


def _subject(kind: str) -> str:
    return _SUBJECTS.get(kind, kind)


def _importance(kind: str) -> int:
    kinds = list(_SUBJECTS)
    return kinds.index(kind) if kind in kinds else len(kinds)


def _join(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
