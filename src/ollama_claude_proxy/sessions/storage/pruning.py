"""Forgets: single conversations, old ones, and as many as it takes to keep the file small."""

import time
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from sqlite3 import Connection

from ollama_claude_proxy.sessions.message_chain import restored, text_of
from ollama_claude_proxy.sessions.storage.archive import ROOM, findable
from ollama_claude_proxy.sessions.storage.compression import unpacked
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.store import turn_key

_DAY = 86_400
# Of the file: with so much of it free, writing it anew is worth the time.
_FREE = 0.2
# Where the file is too large, one in so many conversations goes before its size is looked at again.
_AT_A_TIME = 20


class Pruning:
    """Deletes from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def size(self) -> int:
        """How many bytes are in use; what is free in the file does not count."""
        pages, free, page = self._pages()
        return (pages - free) * page

    def delete(self, conversations: Sequence[int]) -> int:
        """Forget conversations, and what nothing else needs; give how many there were."""
        deleted = 0
        for conversation in conversations:
            deleted += self._database.together(partial(_delete, conversation)) or 0
        if deleted:  # only now is what was found by words really gone
            self._database.write("INSERT INTO words (words) VALUES ('optimize')")
        return deleted

    def prune(self, days: float, most_bytes: int) -> int:
        """Forget what was not used for some days, and the oldest while there is too much."""
        oldest = self._database.rows(
            "SELECT id FROM conversations WHERE used < ?", time.time() - days * _DAY
        )
        deleted = self.delete([int(row[0]) for row in oldest])
        while self.size > most_bytes:
            rows = self._database.rows(
                "SELECT id FROM conversations ORDER BY used"
                " LIMIT 1 + (SELECT COUNT(*) FROM conversations) / ?",
                _AT_A_TIME,
            )
            gone = self.delete([int(row[0]) for row in rows])
            if not gone:
                break
            deleted += gone
        return deleted

    def shrink(self, *, wholly: bool = False) -> None:
        """Give what is free in the file back to the disk: if it is much, or `wholly`.

        Until then the file still holds what was deleted.
        """
        pages, free, _ = self._pages()
        if wholly or free > pages * _FREE:
            self._database.write("VACUUM")
        self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages(self) -> tuple[int, int, int]:
        names = ("page_count", "freelist_count", "page_size")
        rows = [self._database.rows(f"PRAGMA {name}") for name in names]
        pages, free, page = (int(one[0][0]) if one else 0 for one in rows)
        return pages, free, page


def _delete(conversation: int, connection: Connection) -> int:
    done = connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
    roots = connection.execute(
        "SELECT DISTINCT root FROM messages WHERE root NOT IN"
        " (SELECT root FROM heads JOIN messages ON id = message)"
    ).fetchall()
    for (root,) in roots:
        _delete_root(connection, int(root))
    return done.rowcount


def _delete_root(connection: Connection, root: int) -> None:
    """Forget all messages of a root, their passages, and the blocks that nobody else has."""
    span = (root << ROOM, (root + 1 << ROOM) - 1)
    passages = connection.execute(
        "SELECT p.id, p.start, p.length, s.text, b.body FROM passages AS p"
        " JOIN blocks AS b ON b.id = p.block JOIN sources AS s ON s.id = p.source"
        " WHERE p.id BETWEEN ? AND ?",
        span,
    ).fetchall()
    for number, start, length, source, body in passages:
        text = text_of(restored("", unpacked(body)))[start : start + length]
        connection.execute(
            "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)",
            (number, findable(source, text)),
        )
    connection.execute("DELETE FROM passages WHERE id BETWEEN ? AND ?", span)
    blocks = connection.execute(
        "SELECT DISTINCT block FROM contents JOIN messages ON id = message WHERE root = ?", (root,)
    ).fetchall()
    _delete_turns(connection, root)
    connection.execute("DELETE FROM messages WHERE root = ?", (root,))
    connection.executemany(
        "DELETE FROM blocks WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM contents WHERE block = blocks.id)",
        blocks,
    )
    connection.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM passages)")


def _delete_turns(connection: Connection, root: int) -> None:
    """Forget what the model wrote for the messages of a root."""
    rows = connection.execute(
        "SELECT m.id, c.reference, b.body FROM messages AS m JOIN contents AS c ON c.message = m.id"
        " JOIN blocks AS b ON b.id = c.block WHERE m.root = ? AND m.role = 'assistant'"
        " ORDER BY m.id, c.position",
        (root,),
    ).fetchall()
    for _, of_one in groupby(rows, key=lambda row: int(row[0])):
        blocks = [restored(reference, unpacked(body)) for _, reference, body in of_one]
        identifiers = [block["id"] for block in blocks if block["type"] == "tool_use"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        connection.execute("DELETE FROM turns WHERE key = ?", (turn_key(identifiers, text),))
