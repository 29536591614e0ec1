"""Searching the passages in the database: by words with FTS5, by meaning with vectors."""

import json
from collections.abc import Iterator, Sequence

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.message_chain import restore_block
from ollama_claude_proxy.sessions.recall.passages import Passage, excerpt
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector, SearchScope
from ollama_claude_proxy.sessions.storage.compression import decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import NumberRange, numbers_of_root
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from ollama_claude_proxy.wire.blocks import Block

# Messages of other conversations stand before all of this one.
_BEFORE = 1 << 62


class StoredPassages:
    """The passages in the database."""

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self._database = database
        self._vectors = vectors

    def scope(self, key: str, *, project: bool, newest: int | None = None) -> SearchScope | None:
        """Return where a conversation may search; with `project` also in others of its folder.

        `newest` is the hash of its last message; without it, its branch is the one stored last.
        """
        heads = self._database.rows(
            "SELECT message, root, session FROM heads JOIN conversations AS c"
            " ON c.id = conversation JOIN messages AS m ON m.id = message WHERE key = ?"
            " ORDER BY m.hash = ? DESC, heads.at DESC",
            key,
            newest,
        )
        if not heads:
            return None
        head, root, session = heads[0]
        foreign_roots = self._foreign_roots(key) if project else frozenset[int]()
        # a client that names no session is known by how it begins, and others may begin alike
        roots = frozenset(int(one) for _, one, _ in heads) if session else frozenset({int(root)})
        return SearchScope(self._chain_up_to(int(head)), int(root), roots, foreign_roots)

    def has_earlier(self, key: str, begins: int) -> bool:
        """Whether a conversation began otherwise before: it was compacted.

        `begins` is the hash of its first message.
        """
        return bool(
            self._database.rows(
                "SELECT 1 FROM conversations AS c JOIN heads AS h ON h.conversation = c.id"
                " JOIN messages AS m ON m.id = h.message"
                " JOIN messages AS f ON f.id = m.root WHERE c.key = ? AND f.hash != ? LIMIT 1",
                key,
                begins,
            )
        )

    def count(self, scope: SearchScope) -> int:
        """Return about how many passages there are: their numbers have few gaps."""
        return sum(
            int(newest) - first + 1
            for first, last in _ranges(scope)
            for (newest,) in self._database.rows(
                "SELECT MAX(id) FROM passages WHERE id BETWEEN ? AND ?", first, last
            )
            if newest is not None
        )

    def with_term(self, term: str, scope: SearchScope, max_matches: int) -> list[int]:
        """Return passages that have a term, a word or a phrase; the oldest first."""
        return [
            int(row[0])
            for first, last in _ranges(scope)
            for row in self._database.rows(
                "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?",
                _phrase(term),
                first,
                last,
                max_matches,
            )
        ][:max_matches]

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        """Return the passages of the nearest meaning, the nearest first."""
        return self._vectors.nearest(query, _ranges(scope), max_matches)

    def load(self, numbers: Sequence[int], scope: SearchScope) -> dict[int, Passage]:
        """Return passages by their numbers, each at its last place within the scope.

        Passages of the conversation are numbered by their place in it, others as they are stored.
        """
        rows = self._database.rows(
            "SELECT p.id, c.message, m.turn, m.root, m.role, p.start, p.length, s.text, p.block"
            " FROM passages AS p JOIN sources AS s ON s.id = p.source"
            " JOIN contents AS c ON c.block = p.block JOIN messages AS m ON m.id = c.message"
            " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY c.message DESC",
            json.dumps(list(numbers)),
        )
        found: dict[int, Passage] = {}
        blocks: dict[int, tuple[Block, str]] = {}
        for number, message, turn, root, role, start, length, source, block in rows:
            place = _place(scope, message, root)
            if number in found or place is None:
                continue
            if block not in blocks:
                restored = self._block(block)
                blocks[block] = restored, block_text(restored)
            whole = blocks[block][1]
            begin, text = excerpt(*blocks[block], start, length)
            found[number] = Passage(
                place,
                turn,
                source,
                text,
                is_foreign=root in scope.foreign_roots,
                is_request=role == "user" and not source,
                whole=whole,
                start=begin,
            )
        return found

    def _block(self, block: int) -> Block:
        body = self._database.rows("SELECT body FROM blocks WHERE id = ?", block)[0][0]
        return restore_block(decompress(body))

    def _chain_up_to(self, message: int) -> list[int]:
        rows = self._database.rows(
            "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM messages WHERE id = ?"
            " UNION ALL SELECT m.id, m.parent FROM messages AS m JOIN up ON m.id = up.parent)"
            " SELECT id FROM up",
            message,
        )
        return sorted(int(row[0]) for row in rows)  # a message is stored behind its parent

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


def _place(scope: SearchScope, message: int, root: int) -> int | None:
    """Return where a message stands: below 0 before the conversation, None if out of scope."""
    place = scope.places.get(message)
    if place is not None:
        return place
    is_earlier = root != scope.root and root in scope.roots
    return message - _BEFORE if is_earlier or root in scope.foreign_roots else None


def _phrase(term: str) -> str:
    """Return a term as FTS5 writes a phrase, whatever signs it holds."""
    return '"{}"'.format(term.replace('"', '""'))


def _ranges(scope: SearchScope) -> Iterator[NumberRange]:
    return map(numbers_of_root, scope.all_roots)
