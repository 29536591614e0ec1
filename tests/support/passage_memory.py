"""An index of passages in memory, for tests of what searches one."""

from collections.abc import Iterable, Mapping, Sequence

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector, SearchScope
from ollama_claude_proxy.sessions.recall.search_terms import split_terms

SCOPE = SearchScope(messages=tuple(range(1000)), root=1, roots=frozenset({1}))


class PassageMemory:
    """Finds passages by their words as the database does; `near` are the nearest, by number.

    A passage's number is its place in the sequence; those of `lost` cannot be loaded.
    """

    def __init__(
        self,
        passages: Iterable[Passage] = (),
        near: Sequence[int] = (),
        lost: frozenset[int] = frozenset(),
    ) -> None:
        self._passages = dict(enumerate(passages))
        self._near = near
        self._lost = lost

    def scope(self, key: str, *, project: bool, newest: int | None = None) -> SearchScope | None:
        """Return the one scope there is."""
        del key, project, newest
        return SCOPE

    def has_earlier(self, key: str, begins: int) -> bool:
        """Return that nothing was compacted."""
        del key, begins
        return False

    def count(self, scope: SearchScope) -> int:
        """Return how many passages there are."""
        del scope
        return len(self._passages)

    def with_term(self, term: str, scope: SearchScope, max_matches: int) -> list[int]:
        """Return passages that have the words of a term one behind the other."""
        del scope
        matches = [
            number
            for number, passage in self._passages.items()
            if f" {term} " in f" {' '.join(split_terms(f'{passage.source} {passage.text}'))} "
        ]
        return matches[:max_matches]

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        """Return the nearest passages."""
        del query, scope
        return list(self._near[:max_matches])

    def load(self, numbers: Sequence[int], scope: SearchScope) -> Mapping[int, Passage]:
        """Return passages that are not lost."""
        del scope
        return {number: self._passages[number] for number in numbers if number not in self._lost}
