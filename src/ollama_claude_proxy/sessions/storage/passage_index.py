"""Searching the passages in the database: by words with FTS5, by meaning with vectors."""

from collections.abc import Iterator, Sequence
from typing import Any

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.message_chain import restore_block
from ollama_claude_proxy.sessions.passages import Passage
from ollama_claude_proxy.sessions.retrieval import QueryVector, SearchScope
from ollama_claude_proxy.sessions.storage.compression import decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import NumberRange, numbers_of_root
from ollama_claude_proxy.sessions.storage.vectors import Vectors


class StoredPassages:
    """The passages in the database."""

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self._database = database
        self._vectors = vectors

    def scope(self, key: str, *, project: bool) -> SearchScope | None:
        """Return where a conversation may search; with `project` also in others of its folder."""
        heads = self._database.rows(
            "SELECT message, root FROM heads JOIN conversations AS c ON c.id = conversation"
            " JOIN messages AS m ON m.id = message WHERE key = ? ORDER BY heads.at DESC",
            key,
        )
        if not heads:
            return None
        head, root = (int(number) for number in heads[0])
        foreign_roots = self._foreign_roots(key) if project else frozenset[int]()
        roots = frozenset(int(root) for _, root in heads)
        return SearchScope(self._chain_up_to(head), root, roots, foreign_roots)

    def match_terms(
        self, terms: Sequence[str], scope: SearchScope, max_matches: int
    ) -> dict[int, float]:
        """Return how well passages match any of some terms, best first; a low score is good."""
        query = " OR ".join(f'"{term}"' for term in terms)
        rows: list[tuple[Any, ...]] = []
        for first, last in _ranges(scope):
            rows += self._database.rows(
                "SELECT rowid, rank FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
                " ORDER BY rank LIMIT ?",
                query,
                first,
                last,
                max_matches,
            )
        rows.sort(key=lambda row: (row[1], -row[0]))
        return {int(number): float(rank) for number, rank in rows[:max_matches]}

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        """Return the passages of the nearest meaning, the nearest first."""
        return self._vectors.nearest(query, _ranges(scope), max_matches)

    def load(self, number: int, scope: SearchScope) -> Passage | None:
        """Return a passage at its last place within the scope; None if it has none."""
        rows = self._database.rows(
            "SELECT c.message, m.turn, m.root, p.start, p.length, s.text, b.body"
            " FROM passages AS p JOIN blocks AS b ON b.id = p.block"
            " JOIN sources AS s ON s.id = p.source"
            " JOIN contents AS c ON c.block = p.block JOIN messages AS m ON m.id = c.message"
            " WHERE p.id = ? ORDER BY c.message DESC",
            number,
        )
        for message, turn, root, start, length, source, body in rows:
            is_own = message in scope.messages or (root != scope.root and root in scope.roots)
            if is_own or root in scope.foreign_roots:
                text = block_text(restore_block(decompress(body)))[start : start + length]
                return Passage(message, turn, source, text, is_foreign=not is_own)
        return None

    def _chain_up_to(self, message: int) -> frozenset[int]:
        rows = self._database.rows(
            "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM messages WHERE id = ?"
            " UNION ALL SELECT m.id, m.parent FROM messages AS m JOIN up ON m.id = up.parent)"
            " SELECT id FROM up",
            message,
        )
        return frozenset(int(row[0]) for row in rows)

    def _foreign_roots(self, key: str) -> frozenset[int]:
        rows = self._database.rows(
            "SELECT DISTINCT root FROM conversations AS c JOIN heads ON conversation = c.id"
            " JOIN messages AS m ON m.id = message"
            " WHERE project = (SELECT project FROM conversations WHERE key = ?) AND project != ''"
            " AND key != ?",
            key,
            key,
        )
        return frozenset(int(row[0]) for row in rows)


def _ranges(scope: SearchScope) -> Iterator[NumberRange]:
    return map(numbers_of_root, scope.all_roots)
