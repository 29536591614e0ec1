"""What left a prompt and matters now: passages found again, by words and by meaning.

SQLite's FTS5 ranks passages by their words (BM25). Where there are vectors, those rank them too,
and both rankings are joined by their places (reciprocal rank fusion): a passage that either puts
first comes first. What the prompt shows already is left out, and of two versions of one piece of a
file the newer goes first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.sessions.message_chain import restored, text_of
from ollama_claude_proxy.sessions.passages import wanted
from ollama_claude_proxy.sessions.storage.archive import ROOM
from ollama_claude_proxy.sessions.storage.compression import unpacked
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.vectors import Query, Vectors

_MOST_TERMS = 48
_MOST_FOUND = 80
# Everything is near to something: what is not among the first has nothing to do with it.
_MOST_NEAR = 20
# Usual for reciprocal rank fusion: how little the first place is worth more than the tenth.
_FUSION = 60
# A passage that matches so much worse than the best has nothing to do with the question.
_WORST = 0.3
# Lines that two versions of one piece of a file share.
_VERSION = 0.5

Range = tuple[int, int]


class Passage(Struct, frozen=True):
    """A piece of what was said: in which `turn`, out of which call (`source`), and the text.

    `message` tells newer from older; `foreign`: it is of another conversation.
    """

    message: int
    turn: int
    source: str
    text: str
    foreign: bool = False


class Scope(Struct, frozen=True):
    """Where is searched: the `messages` of the conversation, and its roots and `foreign` ones."""

    messages: frozenset[int]
    root: int
    roots: frozenset[int]
    foreign: frozenset[int] = frozenset()

    @property
    def ranges(self) -> Iterator[Range]:
        """The numbers of the passages."""
        for root in sorted({self.root} | self.roots | self.foreign):
            yield root << ROOM, (root + 1 << ROOM) - 1


class Retrieval:
    """Finds passages in the database."""

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self._database = database
        self._vectors = vectors

    def scope(self, key: str, *, project: bool) -> Scope | None:
        """Give where a conversation may search, and with `project` in others of the same folder."""
        heads = self._database.rows(
            "SELECT message, root FROM heads JOIN conversations AS c ON c.id = conversation"
            " JOIN messages AS m ON m.id = message WHERE key = ? ORDER BY heads.at DESC",
            key,
        )
        if not heads:
            return None
        foreign = self._others(key) if project else frozenset[int]()
        roots = frozenset(int(root) for _, root in heads)
        return Scope(self._above(heads[0][0]), int(heads[0][1]), roots, foreign)

    def find(
        self, request: str, scope: Scope, prompt: str, most: int, query: Query | None = None
    ) -> list[Passage]:
        """Give the passages that a request needs most and a prompt has not.

        They have `most` characters at most and stand in the order of the conversation.
        """
        scores = self._by_words(request, scope)
        near: list[int] = []
        if query is not None:
            near = self._vectors.nearest(query, scope.ranges, _MOST_NEAR)
        found = [
            (number, passage)
            for number in _fused(list(scores), near)
            for passage in self._passage(number, scope)
            if passage.text.strip() not in prompt
        ]
        best = min((scores[number] for number, _ in found if number in scores), default=0.0)
        fitting = [
            passage
            for number, passage in found
            if number in near or scores[number] <= best * _WORST
        ]
        chosen: dict[str, Passage] = {}
        for passage in _newest_first(fitting):
            text = passage.text.strip()
            if len(text) <= most and text not in chosen:
                chosen[text] = passage
                most -= len(text)
        return sorted(chosen.values(), key=lambda one: (not one.foreign, one.message))

    def _above(self, message: int) -> frozenset[int]:
        rows = self._database.rows(
            "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM messages WHERE id = ?"
            " UNION ALL SELECT m.id, m.parent FROM messages AS m JOIN up ON m.id = up.parent)"
            " SELECT id FROM up",
            message,
        )
        return frozenset(int(row[0]) for row in rows)

    def _others(self, key: str) -> frozenset[int]:
        rows = self._database.rows(
            "SELECT DISTINCT root FROM conversations AS c JOIN heads ON conversation = c.id"
            " JOIN messages AS m ON m.id = message"
            " WHERE project = (SELECT project FROM conversations WHERE key = ?) AND project != ''"
            " AND key != ?",
            key,
            key,
        )
        return frozenset(int(row[0]) for row in rows)

    def _by_words(self, request: str, scope: Scope) -> dict[int, float]:
        """Give how well passages match, by their numbers: the best, with the least score, first."""
        terms = wanted(request)[-_MOST_TERMS:]
        if not terms:
            return {}
        words = " OR ".join(f'"{term}"' for term in terms)
        rows: list[tuple[Any, ...]] = []
        for first, last in scope.ranges:
            rows += self._database.rows(
                "SELECT rowid, rank FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
                " ORDER BY rank LIMIT ?",
                words,
                first,
                last,
                _MOST_FOUND,
            )
        rows.sort(key=lambda row: (row[1], -row[0]))
        return {int(number): float(rank) for number, rank in rows[:_MOST_FOUND]}

    def _passage(self, number: int, scope: Scope) -> Iterator[Passage]:
        """Give a passage, if it is of this conversation or of one that may be searched."""
        rows = self._database.rows(
            "SELECT c.message, m.turn, m.root, p.start, p.length, s.text, b.body"
            " FROM passages AS p JOIN blocks AS b ON b.id = p.block"
            " JOIN sources AS s ON s.id = p.source"
            " JOIN contents AS c ON c.block = p.block JOIN messages AS m ON m.id = c.message"
            " WHERE p.id = ? ORDER BY c.message DESC",
            number,
        )
        for message, turn, root, start, length, source, body in rows:
            if message in scope.messages or (root != scope.root and root in scope.roots):
                foreign = False
            elif root in scope.foreign:
                foreign = True
            else:
                continue
            text = text_of(restored("", unpacked(body)))[start : start + length]
            yield Passage(message, turn, source, text, foreign)
            return


def shown(passages: Sequence[Passage]) -> str:
    """Give passages as a reminder for the model."""
    parts = [f"[{_place(passage)}]\n{passage.text.strip()}" for passage in passages]
    body = "\n\n".join(("From earlier in this conversation, found again for this turn:", *parts))
    return f"<system-reminder>\n{body}\n</system-reminder>"


def _place(passage: Passage) -> str:
    turn = f"turn {passage.turn}" + (" of another session here" if passage.foreign else "")
    return f"{turn}, {passage.source}" if passage.source else turn


def _fused(*rankings: Sequence[int]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, number in enumerate(ranking):
            scores[number] = scores.get(number, 0.0) + 1 / (_FUSION + place)
    return sorted(scores, key=lambda number: -scores[number])


def _newest_first(passages: list[Passage]) -> list[Passage]:
    """Let the newer of two versions of one piece of a file have the better place."""
    lines = [frozenset(passage.text.splitlines()) for passage in passages]
    for at in range(len(passages)):
        for later in range(at + 1, len(passages)):
            if (
                passages[later].message > passages[at].message
                and _file(passages[later]) == _file(passages[at]) != ""
                and _alike(lines[at], lines[later])
            ):
                passages[at], passages[later] = passages[later], passages[at]
                lines[at], lines[later] = lines[later], lines[at]
    return passages


def _file(passage: Passage) -> str:
    return passage.source.partition(" ")[2]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _VERSION * min(len(one), len(other))
