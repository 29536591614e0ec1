"""Which passages that left a prompt are shown again, because they matter now.

Passages are ranked by their words (BM25) and, where there are vectors, by their meaning; both
rankings are joined by their places (reciprocal rank fusion): what either ranks first comes first.
What the prompt shows already is left out, and of two versions of one piece of a file the
newer comes first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from ollama_claude_proxy.sessions.passages import Passage
from ollama_claude_proxy.sessions.search_terms import query_terms


class RetrievalBudget(Struct, frozen=True, kw_only=True):
    """The limits of a search; all its constants.

    `max_terms` of a request are searched, and the best `max_matches` looked at. `max_nearest`:
    everything is near to something, and a passage that is not among the first has nothing to do
    with the request. `fusion` is the usual constant of reciprocal rank fusion: the higher it is,
    the less the first place is worth more than the tenth. A passage that scores less than
    `min_score_share` of the best has nothing to do with the request. Two passages are versions of
    one piece of a file if they share `version_share` of their lines.
    """

    max_terms: int = 48
    max_matches: int = 80
    max_nearest: int = 20
    fusion: int = 60
    min_score_share: float = 0.3
    version_share: float = 0.5


class QueryVector(Struct, frozen=True):
    """A request as a `vector` of an embedding `model`."""

    model: str
    vector: Sequence[float]


class SearchScope(Struct, frozen=True):
    """Where to search: the `messages` of the conversation, its `root` and other `roots`.

    A root is the first message of a conversation and of all its forks; `foreign_roots` are those of
    other conversations.
    """

    messages: frozenset[int]
    root: int
    roots: frozenset[int]
    foreign_roots: frozenset[int] = frozenset()

    @property
    def all_roots(self) -> list[int]:
        """All roots, in order."""
        return sorted({self.root} | self.roots | self.foreign_roots)


class PassageIndex(Protocol):
    """The stored passages, by number."""

    def scope(self, key: str, *, project: bool) -> SearchScope | None:
        """Return where a conversation may search; with `project` also in others of its folder."""

    def match_terms(
        self, terms: Sequence[str], scope: SearchScope, max_matches: int
    ) -> Mapping[int, float]:
        """Return how well passages match any of some terms, best first; a low score is good."""

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        """Return the passages of the nearest meaning, the nearest first."""

    def load(self, number: int, scope: SearchScope) -> Passage | None:
        """Return a passage; None if it is not within the scope."""


class PassageQuery(Struct, frozen=True):
    """A search for what a `request` needs and the `prompt` does not show.

    `max_characters` is how much may be shown again in all; `vector` is the request's, if there is
    one.
    """

    request: str
    prompt: str
    max_characters: int
    vector: QueryVector | None = None


def find_passages(
    index: PassageIndex,
    scope: SearchScope,
    query: PassageQuery,
    budget: RetrievalBudget = RetrievalBudget(),  # noqa: B008  # it is frozen
) -> list[Passage]:
    """Return the passages that are needed most, in the order of the conversation."""
    terms = query_terms(query.request)[-budget.max_terms :]
    scores = index.match_terms(terms, scope, budget.max_matches) if terms else {}
    vector = query.vector
    nearest = index.nearest(vector, scope, budget.max_nearest) if vector is not None else []
    ranking = fuse_rankings((list(scores), nearest), budget.fusion)
    candidates = {
        number: passage
        for number in ranking
        if (passage := index.load(number, scope)) is not None
        and passage.text.strip() not in query.prompt
    }
    relevant = _relevant(candidates, scores, frozenset(nearest), budget.min_score_share)
    ordered = newer_versions_first(relevant, budget.version_share)
    chosen = take_fitting(ordered, query.max_characters)
    return sorted(chosen, key=lambda passage: (not passage.is_foreign, passage.message))


def fuse_rankings(rankings: Sequence[Sequence[int]], fusion: int) -> list[int]:
    """Join rankings by their places."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking):
            scores[number] = scores.get(number, 0.0) + 1 / (fusion + rank)
    return sorted(scores, key=lambda number: -scores[number])


def newer_versions_first(passages: Sequence[Passage], version_share: float) -> list[Passage]:
    """Return passages with the newer of two versions of a piece of a file in the better place."""
    ordered = list(passages)
    lines = [frozenset(passage.text.splitlines()) for passage in ordered]
    for first in range(len(ordered)):
        for later in range(first + 1, len(ordered)):
            is_newer = ordered[later].message > ordered[first].message
            same_file = ordered[later].file == ordered[first].file != ""
            if is_newer and same_file and _share_lines(lines[first], lines[later], version_share):
                ordered[first], ordered[later] = ordered[later], ordered[first]
                lines[first], lines[later] = lines[later], lines[first]
    return ordered


def take_fitting(passages: Sequence[Passage], max_characters: int) -> Iterator[Passage]:
    """Return the first passages that fit into some characters, each text once."""
    texts: set[str] = set()
    for passage in passages:
        text = passage.text.strip()
        if len(text) <= max_characters and text not in texts:
            texts.add(text)
            max_characters -= len(text)
            yield passage


def _relevant(
    candidates: Mapping[int, Passage],
    scores: Mapping[int, float],
    nearest: frozenset[int],
    min_score_share: float,
) -> list[Passage]:
    """Leave out what matches much worse than the best; the better a match, the lower its score."""
    best = min((scores[number] for number in candidates if number in scores), default=0.0)
    return [
        passage
        for number, passage in candidates.items()
        if number in nearest or scores[number] <= best * min_score_share
    ]


def _share_lines(first: frozenset[str], second: frozenset[str], share: float) -> bool:
    return len(first & second) >= share * min(len(first), len(second))
