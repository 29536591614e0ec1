"""Keeps conversations, each thing once: what is said is a block, who says it when is a message.

A conversation is found again by its key, the client's own session or, without one, by how it
begins. Its messages are found by their hashes: what is known is not written again, whether it comes
from the same conversation, from a fork of it, or after a restart.
"""

import re
import time
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from sqlite3 import Connection

from msgspec import Struct

from ollama_claude_proxy.sessions.message_chain import (
    Entry,
    Raw,
    blocks_of,
    hash_of,
    kept,
    says_more,
    source_of,
    text_of,
)
from ollama_claude_proxy.sessions.passages import passages, terms, without_numbers
from ollama_claude_proxy.sessions.storage.compression import packed, unpacked
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.reminder import REMINDER

# Passages of one root are numbered from `root << ROOM`.
ROOM = 24
_MOST_BOUNDARIES = 64
_TITLE_CHARACTERS = 100
_SOURCE_CHARACTERS = 200
_FOLDER = re.compile(r"working directory:\s*(\S[^\n]*)", re.IGNORECASE)


class Whose(Struct, frozen=True):
    """A conversation's `key`, the client's `session` and `agent` (empty where it names none)."""

    key: str
    session: str = ""
    agent: str = ""
    model: str = ""


class Archive:
    """Keeps messages as they come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._boundaries: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def keep(self, whose: Whose, entries: Sequence[Entry]) -> None:
        """Keep a conversation as it now is, all of it or nothing."""
        if entries:
            self._database.together(lambda one: _keep(one, whose, entries))

    def boundary(self, key: str, model: str) -> bytes | None:
        """Give what was kept of how a conversation is fitted for a model."""
        known = self._boundaries.get((key, model))
        if known is not None:
            return known
        rows = self._database.rows(
            "SELECT state FROM boundaries JOIN conversations ON id = conversation"
            " WHERE key = ? AND boundaries.model = ?",
            key,
            model,
        )
        with suppress(zlib.error):
            return unpacked(rows[0][0]) if rows else None
        return None

    def keep_boundary(self, key: str, model: str, state: bytes) -> None:
        """Keep how a conversation is fitted for a model: for a while also without a file."""
        self._boundaries[key, model] = state
        self._boundaries.move_to_end((key, model))
        if len(self._boundaries) > _MOST_BOUNDARIES:
            self._boundaries.popitem(last=False)
        self._database.write(
            "INSERT OR REPLACE INTO boundaries SELECT id, ?, ? FROM conversations WHERE key = ?",
            model,
            packed(state),
            key,
        )


def project_of(messages: Sequence[Message]) -> str:
    """Give the folder that a client says it works in; nothing where it says none."""
    for message in messages:
        if message.role == "assistant":
            break
        for block in blocks_of(message):
            if found := _FOLDER.search(text_of(block)):
                return found[1].strip()
    return ""


def _keep(connection: Connection, whose: Whose, entries: Sequence[Entry]) -> None:
    conversation = _conversation(connection, whose, [entry.message for entry in entries])
    known, parent = _known(connection, entries)
    sources = _sources(entries[max(known - 1, 0) : known])
    before = entries[known - 1].message if known else None
    for entry in entries[known:]:
        sources |= _sources([entry])
        parent = _insert(connection, entry, (parent, before), sources)
        before = entry.message
    if parent is not None:
        _move_head(connection, conversation, parent, entries)


def _conversation(connection: Connection, whose: Whose, messages: Sequence[Message]) -> int:
    now = time.time()
    row = connection.execute("SELECT id FROM conversations WHERE key = ?", (whose.key,)).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE conversations SET used = ?, model = ? WHERE id = ?", (now, whose.model, row[0])
        )
        return int(row[0])
    values = (whose.key, whose.session, whose.agent, project_of(messages), whose.model)
    done = connection.execute(
        "INSERT INTO conversations (key, session, agent, project, model, title, created, used)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, _title(messages), now, now),
    )
    return int(done.lastrowid or 0)


def _known(connection: Connection, entries: Sequence[Entry]) -> tuple[int, int | None]:
    """Tell how many of the entries are kept already, and the last of them; newest first."""
    for count in range(len(entries), 0, -1):
        row = connection.execute(
            "SELECT id FROM messages WHERE hash = ?", (entries[count - 1].hash,)
        ).fetchone()
        if row is not None:
            return count, int(row[0])
    return 0, None


def _insert(
    connection: Connection,
    entry: Entry,
    behind: tuple[int | None, Message | None],
    sources: dict[str, str],
) -> int:
    """Insert a message behind another, whose number and text those are; give its number."""
    parent, before = behind
    root, turn = 0, 1
    if parent is not None and before is not None:
        root, turn = connection.execute(
            "SELECT root, turn FROM messages WHERE id = ?", (parent,)
        ).fetchone()
        turn += _begins_turn(entry.message, before)
    done = connection.execute(
        "INSERT INTO messages (hash, parent, root, turn, role, at) VALUES (?, ?, ?, ?, ?, ?)",
        (entry.hash, parent, root, turn, entry.message.role, int(time.time())),
    )
    number = int(done.lastrowid or 0)
    if not root:
        root = number
        connection.execute("UPDATE messages SET root = id WHERE id = ?", (number,))
    for position, block in enumerate(blocks_of(entry.message)):
        reference, body = kept(block)
        source = sources.get(reference, "")[:_SOURCE_CHARACTERS]
        held = _block(connection, body)
        connection.execute(
            "INSERT INTO contents VALUES (?, ?, ?, ?)", (number, position, held, reference)
        )
        if says_more(block):
            _index(connection, root, held, text_of(block), source)
    return number


def _begins_turn(message: Message, before: Message) -> bool:
    """Whether the model's next turn begins: with what the user says, or behind a call's result."""
    if message.role == "assistant":
        return any(block.get("type") == "tool_result" for block in blocks_of(before))
    asks = all(block.get("type") != "tool_result" for block in blocks_of(message))
    return before.role == "assistant" and asks


def _block(connection: Connection, body: bytes) -> int:
    digest = hash_of(body)
    row = connection.execute("SELECT id FROM blocks WHERE hash = ?", (digest,)).fetchone()
    if row is not None:
        return int(row[0])
    done = connection.execute(
        "INSERT INTO blocks (hash, body) VALUES (?, ?)", (digest, packed(body))
    )
    return int(done.lastrowid or 0)


def _index(connection: Connection, root: int, block: int, text: str, source: str) -> None:
    """Make a block's text findable, once for each root."""
    first, last = root << ROOM, (root + 1 << ROOM) - 1
    there = connection.execute(
        "SELECT 1 FROM passages WHERE block = ? AND id BETWEEN ? AND ?", (block, first, last)
    ).fetchone()
    if there is not None or not text.strip() or text.lstrip().startswith(REMINDER):
        return
    top = connection.execute(
        "SELECT MAX(id) FROM passages WHERE id BETWEEN ? AND ?", (first, last)
    ).fetchone()[0]
    number = first if top is None else int(top) + 1
    name = _source(connection, source)
    for start, length in passages(text):
        words = findable(source, text[start : start + length])
        values = (number, block, start, length, name)
        connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", values)
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, words))
        number += 1


def _source(connection: Connection, text: str) -> int:
    connection.execute("INSERT OR IGNORE INTO sources (text) VALUES (?)", (text,))
    row = connection.execute("SELECT id FROM sources WHERE text = ?", (text,)).fetchone()
    return int(row[0])


def findable(source: str, text: str) -> str:
    """Give the words by which a passage of a source is found.

    They are also how it is deleted from the index, so that a change here needs a migration.
    """
    return " ".join((*terms(source), *terms(without_numbers(text))))


def _move_head(
    connection: Connection, conversation: int, message: int, entries: Sequence[Entry]
) -> None:
    """Let the branch that grew end here; where none did, a new one begins."""
    hashes = {entry.hash for entry in entries}
    heads = connection.execute(
        "SELECT message, hash FROM heads JOIN messages ON id = message WHERE conversation = ?",
        (conversation,),
    ).fetchall()
    for head, digest in heads:
        if digest in hashes:
            connection.execute(
                "DELETE FROM heads WHERE conversation = ? AND message = ?", (conversation, head)
            )
    connection.execute(
        "INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", (conversation, message, time.time())
    )


def _sources(entries: Sequence[Entry]) -> dict[str, str]:
    """Say what each call was about, by its id."""
    return {
        str(block.get("id")): source_of(block)
        for entry in entries
        for block in blocks_of(entry.message)
        if block.get("type") == "tool_use"
    }


def _title(messages: Sequence[Message]) -> str:
    """Give the user's first words."""
    texts = (
        _own_words(block) for one in messages if one.role == "user" for block in blocks_of(one)
    )
    title = next((text for text in texts if text), "")
    return " ".join(title.split())[:_TITLE_CHARACTERS]


def _own_words(block: Raw) -> str:
    text = str(block.get("text", "")) if block.get("type") == "text" else ""
    return "" if text.lstrip().startswith(REMINDER) else text
