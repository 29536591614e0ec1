"""The lines of a text that match a question."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from ollama_claude_proxy.sessions.recall.ranking import inverse_frequency
from ollama_claude_proxy.sessions.recall.search_terms import split_terms

_MAX_LINES = 2
_MAX_LINE_CHARACTERS = 200
_END_LINES = 3
_LEFT_OUT = "…"


def matching_lines(text: str, terms: Mapping[str, float]) -> str:
    """Return the lines of a text that have the most of some weighted terms, in their order."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    scores = [_score(line, terms) for line in lines]
    best = sorted(range(len(lines)), key=lambda at: -scores[at])[:_MAX_LINES]
    chosen = [at for at in sorted(best) if scores[at] > 0] or best[:1]
    return "\n".join(lines[at][:_MAX_LINE_CHARACTERS] for at in chosen)


def telling_lines(text: str, terms: Mapping[str, float], max_characters: int) -> str:
    """Return a text, or of a long one its ends and the lines that have the most of some terms.

    A term counts the more, the fewer lines have it. A line comes with those beside it; marks stand
    for what is left out.
    """
    if len(text) <= max_characters:
        return text
    lines = [line[: max_characters // 4] for line in text.splitlines()]
    wanted: dict[int, None] = {}
    scores = _scores(lines, terms)
    best = sorted(range(len(lines)), key=lambda at: -scores[at])
    ends = range(_END_LINES), range(len(lines) - _END_LINES, len(lines))
    beside = (range(at - 1, at + 2) for at in best if scores[at] > 0)
    for at in chain(*ends, chain.from_iterable(beside)):
        if at not in wanted and 0 <= at < len(lines):
            max_characters -= len(lines[at]) + len(_LEFT_OUT) + 2
            if max_characters < 0:
                break
            wanted[at] = None
    return "\n".join(_with_gaps(lines, sorted(wanted)))


def _with_gaps(lines: Sequence[str], wanted: Sequence[int]) -> Iterator[str]:
    for before, at in zip((-1, *wanted), wanted, strict=False):
        if at > before + 1:
            yield _LEFT_OUT
        yield lines[at]


def _scores(lines: Sequence[str], terms: Mapping[str, float]) -> list[float]:
    """Return what each line scores, where rare terms count more."""
    words = [frozenset(split_terms(line)) for line in lines]
    scores = [0.0] * len(lines)
    for term, worth in terms.items():
        places = [at for at, of_line in enumerate(words) if of_line.issuperset(term.split())]
        for at in places:
            scores[at] += worth * inverse_frequency(len(places), len(lines))
    return scores


def _score(line: str, terms: Mapping[str, float]) -> float:
    words = frozenset(split_terms(line))
    return sum(worth for term, worth in terms.items() if words.issuperset(term.split()))
