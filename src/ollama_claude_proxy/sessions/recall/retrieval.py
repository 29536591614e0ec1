"""Which stored passages are shown again, because they matter now.

Passages are ranked by their words and, where there are vectors, by their meaning; both rankings are
joined by their places. What the prompt shows already is left out, and of two versions of one piece
of a file the newer comes first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.question import FAILURE_SIGN, Question
from ollama_claude_proxy.sessions.recall.ranking import (
    fuse_rankings,
    rank_by_terms,
    weigh_terms,
    word_confidence,
)
from ollama_claude_proxy.sessions.recall.search_scope import (
    PassageIndex,
    QueryVector,
    SearchScope,
)
from ollama_claude_proxy.sessions.recall.search_terms import split_terms


class RetrievalLimits(Struct, frozen=True, kw_only=True):
    """The constants of a search.

    The best `max_matches` by words are looked at, and the `max_nearest` by meaning: everything is
    near to something, and a passage that is not among the first has nothing to do with the request.
    `fusion` is the usual constant of reciprocal rank fusion: the higher it is, the less the first
    place is worth more than the tenth. A passage that scores less than `min_score_share` of the
    best, or than `min_score`, has nothing to do with the request. A text of the user that has
    `echo_share` of the question's words asks the same: it is no answer. Two passages are versions
    of one piece of a file if they share `version_share` of their lines; what was read anew counts
    only as it was read last, unless it `keeps_old_versions`. Of one message
    `max_of_message` passages come before all others, so that a result of a thousand like lines
    leaves room for anything else. What was said is worth `said_worth` times what a tool gave, and
    of that what tells of a failure `failure_worth` times the rest. Of what the user said the best
    `max_asked` are looked at for what followed.
    """

    max_matches: int = 80
    max_nearest: int = 20
    fusion: int = 60
    min_score_share: float = 0.4
    min_score: float = 2.5
    echo_share: float = 0.6
    version_share: float = 0.5
    keeps_old_versions: bool = False
    max_of_message: int = 3
    max_asked: int = 6
    said_worth: float = 1.4
    failure_worth: float = 1.1


class PassageSearch(Struct, frozen=True):
    """A search for what a `question` needs and the `shown` prompt lacks.

    `vector` is the question's, if there is one; `hints` are weighted terms that it means and does
    not have.
    """

    question: Question
    shown: str
    vector: QueryVector | None = None
    limits: RetrievalLimits = RetrievalLimits()
    hints: Mapping[str, float] = {}


class FoundPassages(Struct, frozen=True):
    """The passages that were found, the best first, and the `terms` that were searched for.

    `asked` are the best of them that are the user's words, also those that the prompt shows.
    """

    passages: Sequence[Passage] = ()
    terms: Mapping[str, float] = {}
    asked: Sequence[Passage] = ()


def search_passages(
    index: PassageIndex, scope: SearchScope, search: PassageSearch
) -> FoundPassages:
    """Return the passages that a question needs and the prompt lacks, the best first."""
    limits, vector = search.limits, search.vector
    terms = weigh_terms(search.question, search.hints)
    scores = rank_by_terms(index, scope, terms)
    nearest = index.nearest(vector, scope, limits.max_nearest) if vector is not None else []
    loaded = index.load([*list(scores)[: limits.max_matches], *nearest], scope)
    nearest = [number for number in nearest if number in loaded]  # not those of other forks
    scores = _weighed(scores, loaded, limits)
    # where words match little, what is near in meaning goes first
    meaning_weight = 2.0 - word_confidence(scores, terms, index.count(scope))
    ranking = fuse_rankings((list(scores), nearest), limits.fusion, (1.0, meaning_weight))
    old = set() if limits.keeps_old_versions else outdated(loaded, limits.version_share)
    candidates = {
        number: loaded[number]
        for number in ranking
        if number not in old and _is_news(loaded[number], search.shown)
    }
    echoes = _echoes(candidates, search.question, limits.echo_share)
    bar = _bar([number for number in candidates if number not in echoes], scores, limits)
    relevant = _relevant(candidates, scores, nearest, echoes, bar)
    ordered = _spread(newer_versions_first(relevant, limits.version_share), limits.max_of_message)
    asked = [loaded[number] for number in ranking if scores.get(number, 0.0) >= bar]
    asked = [passage for passage in asked if passage.is_request]
    return FoundPassages(ordered, terms, asked[: limits.max_asked])


def _weighed(
    scores: Mapping[int, float], loaded: Mapping[int, Passage], limits: RetrievalLimits
) -> dict[int, float]:
    """Return the scores of what was loaded, by what kind of text each passage is."""
    adjusted = {
        number: scores.get(number, 0.0) * _worth(passage, limits)
        for number, passage in loaded.items()
    }
    ranked = sorted(adjusted, key=lambda number: (-adjusted[number], -number))
    return {number: adjusted[number] for number in ranked if number in scores}


def _worth(passage: Passage, limits: RetrievalLimits) -> float:
    if not passage.source:
        return limits.said_worth
    return limits.failure_worth if FAILURE_SIGN.search(passage.text) else 1.0


def _is_news(passage: Passage, shown: str) -> bool:
    return passage.text.strip() not in shown and not passage.is_receipt


def newer_versions_first(passages: Sequence[Passage], version_share: float) -> list[Passage]:
    """Return passages with the newer of two versions of a piece of a file in the better place."""
    ordered = list(passages)
    lines = _lines(ordered)
    for first, later in _version_pairs(ordered):
        before, behind = ordered[first], ordered[later]
        if behind.message > before.message and _share(lines[first], lines[later], version_share):
            ordered[first], ordered[later] = behind, before
            lines[first], lines[later] = lines[later], lines[first]
    return ordered


def outdated(passages: Mapping[int, Passage], version_share: float) -> set[int]:
    """Return which of the passages by number are older versions of what was read anew."""
    numbers, ordered = list(passages), list(passages.values())
    lines = _lines(ordered)
    old: set[int] = set()
    for first, later in _version_pairs(ordered):
        one, other = ordered[first], ordered[later]
        is_reading = one.source == other.source and one.message != other.message
        if is_reading and _share(lines[first], lines[later], version_share):
            old.add(numbers[first if one.message < other.message else later])
    return old


def _version_pairs(passages: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """Yield the places of each two passages that are of one file."""
    places: dict[str, list[int]] = {}
    for place, passage in enumerate(passages):
        if passage.file:
            places.setdefault(passage.file, []).append(place)
    for of_file in places.values():
        yield from combinations(of_file, 2)


def _spread(passages: Sequence[Passage], max_of_message: int) -> list[Passage]:
    """Return the first passages of each message before the others."""
    counts: Counter[int] = Counter()
    first: list[Passage] = []
    others: list[Passage] = []
    for passage in passages:
        counts[passage.message] += 1
        (first if counts[passage.message] <= max_of_message else others).append(passage)
    return [*first, *others]


def take_fitting(passages: Iterable[Passage], max_characters: int) -> Iterator[Passage]:
    """Yield the first passages that fit into some characters, each text once."""
    texts: set[str] = set()
    for passage in passages:
        text = passage.text.strip()
        size = passage.shown_characters
        if text and size <= max_characters and text not in texts:
            texts.add(text)
            max_characters -= size
            yield passage


def _echoes(
    candidates: Mapping[int, Passage], question: Question, echo_share: float
) -> Collection[int]:
    """Return the passages in which the user asked about the same."""
    asked = frozenset(split_terms(question.words))
    return [
        number
        for number, passage in candidates.items()
        if passage.is_request
        and len(asked.intersection(split_terms(passage.text))) >= echo_share * len(asked)
        and "?" in passage.text
    ]


def _relevant(
    candidates: Mapping[int, Passage],
    scores: Mapping[int, float],
    nearest: Collection[int],
    echoes: Collection[int],
    bar: float,
) -> list[Passage]:
    """Leave out what scores less than the `bar`; echoes come last."""
    answers = [number for number in candidates if number not in echoes]
    relevant = [number for number in answers if number in nearest or scores[number] >= bar]
    return [candidates[number] for number in (*relevant, *echoes)]


def _bar(answers: Iterable[int], scores: Mapping[int, float], limits: RetrievalLimits) -> float:
    """Return the least score of what has to do with the request."""
    best = max((scores.get(number, 0.0) for number in answers), default=0.0)
    return max(best * limits.min_score_share, limits.min_score)


def _lines(passages: Iterable[Passage]) -> list[frozenset[str]]:
    return [frozenset(passage.text.splitlines()) for passage in passages]


def _share(first: frozenset[str], second: frozenset[str], share: float) -> bool:
    return len(first & second) >= share * min(len(first), len(second))
