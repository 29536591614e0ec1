"""Where passages are searched, and what an index of them must be able to do."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

from msgspec import Struct

from ollama_claude_proxy.sessions.recall.passages import Passage


class QueryVector(Struct, frozen=True):
    """A request as a `vector` of an embedding `model`."""

    model: str
    vector: Sequence[float]


class SearchScope(Struct, frozen=True, dict=True):
    """Where to search: the `messages` of the conversation in order, its `root` and other `roots`.

    A root is the first message of a conversation and of all its forks; `foreign_roots` are those of
    other conversations.
    """

    messages: Sequence[int]
    root: int
    roots: frozenset[int]
    foreign_roots: frozenset[int] = frozenset()

    @property
    def all_roots(self) -> list[int]:
        """All roots, in order."""
        return sorted({self.root} | self.roots | self.foreign_roots)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """The place in the conversation of each of its messages."""
        return {message: place for place, message in enumerate(self.messages)}


class PassageIndex(Protocol):
    """The stored passages, by number."""

    def scope(self, key: str, *, project: bool, newest: int | None = None) -> SearchScope | None:
        """Return where a conversation may search; with `project` also in others of its folder.

        `newest` is the hash of its last message; without it, its branch is the one stored last.
        """

    def has_earlier(self, key: str, begins: int) -> bool:
        """Whether a conversation began otherwise before: it was compacted.

        `begins` is the hash of its first message.
        """

    def count(self, scope: SearchScope) -> int:
        """Return about how many passages there are."""

    def with_term(self, term: str, scope: SearchScope, max_matches: int) -> Sequence[int]:
        """Return passages that have a term, a word or a phrase; the oldest first."""

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        """Return the passages of the nearest meaning, the nearest first."""

    def load(self, numbers: Sequence[int], scope: SearchScope) -> Mapping[int, Passage]:
        """Return passages by their numbers; those that are not within the scope are missing.

        Passages of the conversation are numbered by their place in it, others as they are stored.
        """
