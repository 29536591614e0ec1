"""Deletes conversations: single ones, old ones, and as many as make the file small enough."""

import json
import time
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from sqlite3 import Connection

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.message_chain import restore_block, restore_raw
from ollama_claude_proxy.sessions.storage.compression import decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import PASSAGE_BITS
from ollama_claude_proxy.sessions.storage.passage_writer import indexed_words
from ollama_claude_proxy.sessions.storage.turn_store import turn_key

_DAY_SECONDS = 86_400
# The share of the file that must be free before it is rewritten.
_MIN_FREE_SHARE = 0.2
# While the file is too large, one in so many conversations is deleted at a time.
_BATCH_DIVISOR = 20


class Pruning:
    """Deletes from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def size(self) -> int:
        """How many bytes are in use, without the free space in the file."""
        pages, free, page_bytes = self._pages()
        return (pages - free) * page_bytes

    def delete(self, conversations: Sequence[int]) -> int:
        """Delete conversations, and what nothing else needs; return how many were deleted."""
        deleted = self._database.transaction(partial(_delete, conversations)) or 0
        if deleted:  # only this removes the words from the index
            self._database.write("INSERT INTO words (words) VALUES ('optimize')")
        return deleted

    def prune(self, days: float, max_bytes: int) -> int:
        """Delete what was not used for `days`, and then the oldest until `max_bytes` suffice."""
        oldest = self._database.rows(
            "SELECT id FROM conversations WHERE used < ?", time.time() - days * _DAY_SECONDS
        )
        deleted = self.delete([int(row[0]) for row in oldest])
        while self.size > max_bytes:
            rows = self._database.rows(
                "SELECT id FROM conversations ORDER BY used"
                " LIMIT 1 + (SELECT COUNT(*) FROM conversations) / ?",
                _BATCH_DIVISOR,
            )
            count = self.delete([int(row[0]) for row in rows])
            if not count:
                break
            deleted += count
        return deleted

    def shrink(self, *, always: bool = False) -> None:
        """Return free space in the file to the disk, if there is much of it or with `always`.

        Until then the file still holds what was deleted.
        """
        pages, free, _ = self._pages()
        if always or free > pages * _MIN_FREE_SHARE:
            self._database.write("VACUUM")
        self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages(self) -> tuple[int, int, int]:
        names = ("page_count", "freelist_count", "page_size")
        rows = [self._database.rows(f"PRAGMA {name}") for name in names]
        pages, free, page_bytes = (int(row[0][0]) if row else 0 for row in rows)
        return pages, free, page_bytes


def prune_file(path: Path, days: float, max_bytes: int) -> int:
    """Prune a file on a connection of its own; return how many conversations were deleted."""
    database = Database(path)
    try:
        pruning = Pruning(database)
        deleted = pruning.prune(days, max_bytes)
        if deleted:
            pruning.shrink()
    finally:
        database.close()
    return deleted


def _delete(conversations: Sequence[int], connection: Connection) -> int:
    """Delete conversations, and the messages that no branch of another one has."""
    cursor = connection.execute(
        "DELETE FROM conversations WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(conversations)),),
    )
    if not cursor.rowcount:
        return 0
    connection.execute("CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY)")
    connection.execute(
        "WITH RECURSIVE kept (id) AS (SELECT message FROM heads"
        " UNION SELECT parent FROM messages JOIN kept USING (id) WHERE parent IS NOT NULL)"
        " INSERT INTO gone SELECT id FROM messages WHERE id NOT IN (SELECT id FROM kept)"
    )
    _delete_passages(connection)
    _delete_turns(connection)
    blocks = connection.execute(
        "SELECT DISTINCT block FROM contents WHERE message IN (SELECT id FROM gone)"
    ).fetchall()
    connection.execute("DELETE FROM messages WHERE id IN (SELECT id FROM gone)")
    connection.executemany(
        "DELETE FROM blocks WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM contents WHERE block = blocks.id)",
        blocks,
    )
    connection.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM passages)")
    connection.execute("DROP TABLE gone")
    return cursor.rowcount


def _delete_passages(connection: Connection) -> None:
    """Delete the passages of blocks that no other message of the same root has."""
    passages = connection.execute(
        "SELECT p.id, p.start, p.length, s.text, b.body FROM passages AS p"
        " JOIN blocks AS b ON b.id = p.block JOIN sources AS s ON s.id = p.source"
        " WHERE p.block IN (SELECT block FROM contents WHERE message IN (SELECT id FROM gone))"
        " AND NOT EXISTS (SELECT 1 FROM contents AS c JOIN messages AS m ON m.id = c.message"
        " WHERE c.block = p.block AND m.root = p.id >> ? AND m.id NOT IN (SELECT id FROM gone))",
        (PASSAGE_BITS,),
    ).fetchall()
    for number, start, length, source, body in passages:
        text = block_text(restore_block(decompress(body)))[start : start + length]
        connection.execute(
            "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)",
            (number, indexed_words(source, text)),
        )
        connection.execute("DELETE FROM passages WHERE id = ?", (number,))


def _delete_turns(connection: Connection) -> None:
    """Delete what the model wrote for the messages."""
    rows = connection.execute(
        "SELECT m.id, c.reference, b.body FROM messages AS m JOIN contents AS c ON c.message = m.id"
        " JOIN blocks AS b ON b.id = c.block WHERE m.role = 'assistant'"
        " AND m.id IN (SELECT id FROM gone) ORDER BY m.id, c.position"
    ).fetchall()
    for _, message_rows in groupby(rows, key=lambda row: int(row[0])):
        blocks = [restore_raw(reference, decompress(body)) for _, reference, body in message_rows]
        call_ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        connection.execute("DELETE FROM turns WHERE key = ?", (turn_key(call_ids, text),))
