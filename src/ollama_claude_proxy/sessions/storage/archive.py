"""Stores conversations without duplicates: content is a block, its place and role a message.

A conversation is found again by its key, the client's own session or, without one, by how it
begins. Its messages are found by their hashes: a known one is not written again, whether it
comes from the same conversation, from a fork of it, or after a restart.
"""

import re
import time
import zlib
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from sqlite3 import Connection

import msgspec

from ollama_claude_proxy.sessions.block_text import (
    adds_text,
    begins_turn,
    block_text,
    call_subject,
    is_reminder,
)
from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.fitted_turn import FittedTurn
from ollama_claude_proxy.sessions.message_chain import (
    ChainedMessage,
    canonical_block,
    raw_blocks,
    stable_hash,
)
from ollama_claude_proxy.sessions.storage.compression import compress, decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_writer import index_block
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolUseBlock

_MAX_FIT_STATES = 64
# What is stored in one transaction takes some hundredths of a second, and then others may go on.
_PART_CHARACTERS = 100_000
_PAUSE_SECONDS = 0.001
_TITLE_CHARACTERS = 100
_FOLDER = re.compile(r"working directory:\s*(\S[^\n]*)", re.IGNORECASE)


class Archive:
    """Stores conversations as they come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fit_states: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def keep(self, key: ConversationKey, chain: Sequence[ChainedMessage]) -> None:
        """Store a conversation as it is now.

        A long one is stored in parts, each behind the one before, all of it or nothing: other
        threads get their turn between them.
        """
        for end in _part_ends(chain, self.known_count(chain)):
            part = chain[:end]
            self._database.transaction(partial(_keep, key=key, chain=part))
            if end < len(chain):
                time.sleep(_PAUSE_SECONDS)

    def known_count(self, chain: Sequence[ChainedMessage]) -> int:
        """Return how many of the messages are stored already."""
        newest = self._database.read(lambda connection: _newest_known(connection, chain))
        return newest[0] if newest is not None else 0

    def fit_state(self, key: str, model: str) -> bytes | None:
        """Return how a conversation is fitted for a model, as it was stored."""
        known = self._fit_states.get((key, model))
        if known is not None:
            return known
        rows = self._database.rows(
            "SELECT state FROM boundaries JOIN conversations ON id = conversation"
            " WHERE key = ? AND boundaries.model = ?",
            key,
            model,
        )
        with suppress(zlib.error):
            return decompress(rows[0][0]) if rows else None
        return None

    def keep_fit_state(self, key: str, model: str, state: bytes) -> None:
        """Store how a conversation is fitted for a model; without a file, only the latest."""
        self._fit_states[key, model] = state
        self._fit_states.move_to_end((key, model))
        if len(self._fit_states) > _MAX_FIT_STATES:
            self._fit_states.popitem(last=False)
        self._database.write(
            "INSERT OR REPLACE INTO boundaries SELECT id, ?, ? FROM conversations WHERE key = ?",
            model,
            compress(state),
            key,
        )

    def keep_fitted_turn(self, key: str, model: str, message: int, turn: FittedTurn) -> None:
        """Store what was done for a turn, by the hash of its last message.

        Where it is fitted again, because the backend refused the prompt, both are told as one.
        """
        rows = self._database.rows(
            "SELECT report FROM fitted_turns JOIN conversations ON id = conversation"
            " WHERE key = ? AND fitted_turns.model = ? AND message = ?",
            key,
            model,
            message,
        )
        for (report,) in rows:
            turn = turn.behind(msgspec.json.decode(decompress(report), type=FittedTurn))
        self._database.write(
            "INSERT OR REPLACE INTO fitted_turns SELECT id, ?, ?, ? FROM conversations"
            " WHERE key = ?",
            model,
            message,
            compress(msgspec.json.encode(turn)),
            key,
        )


def _part_ends(chain: Sequence[ChainedMessage], known_count: int) -> Iterator[int]:
    """Yield the lengths up to which a chain is stored, one after the other."""
    characters, end = 0, 0
    for number, link in enumerate(chain[known_count:], known_count):
        characters += sum(len(block_text(block)) for block in link.message.content)
        if characters > _PART_CHARACTERS:
            characters, end = 0, number + 1
            yield end
    if end < len(chain):
        yield len(chain)


def project_folder(messages: Iterable[Message]) -> str:
    """Return the folder that a client says it works in; empty if it names none."""
    for message in messages:
        if message.role == "assistant":
            break
        for block in message.content:
            if folder := _FOLDER.search(block_text(block)):
                return folder[1].strip()
    return ""


def _keep(connection: Connection, key: ConversationKey, chain: Sequence[ChainedMessage]) -> None:
    conversation = _conversation_id(connection, key, [link.message for link in chain])
    known_count, parent = _newest_known(connection, chain)
    subjects = _call_subjects(chain[max(known_count - 1, 0) : known_count])
    previous = chain[known_count - 1].message if known_count else None
    for link in chain[known_count:]:
        subjects |= _call_subjects([link])
        parent = _insert_message(connection, link, parent, previous)
        _insert_blocks(connection, link.message, parent, subjects)
        previous = link.message
    if parent is not None:
        _move_head(connection, conversation, parent, chain)


def _conversation_id(
    connection: Connection, key: ConversationKey, messages: Sequence[Message]
) -> int:
    """Return the row of a conversation, inserted if it is new."""
    now = time.time()
    row = connection.execute(
        "SELECT id FROM conversations WHERE key = ?", (key.identity,)
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE conversations SET used = ?, model = ? WHERE id = ?", (now, key.model, row[0])
        )
        return int(row[0])
    values = (key.identity, key.session, key.agent, project_folder(messages), key.model)
    cursor = connection.execute(
        "INSERT INTO conversations (key, session, agent, project, model, title, created, used)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, _title(messages), now, now),
    )
    return int(cursor.lastrowid or 0)


def _newest_known(
    connection: Connection, chain: Sequence[ChainedMessage]
) -> tuple[int, int | None]:
    """Return how many of the messages are stored already, and the row of the last of them."""

    def row(link: ChainedMessage) -> tuple[int] | None:
        found: tuple[int] | None = connection.execute(
            "SELECT id FROM messages WHERE hash = ?", (link.hash,)
        ).fetchone()
        return found

    count = bisect_left(chain, x=True, key=lambda link: row(link) is None)
    newest = row(chain[count - 1]) if count else None
    return count, newest[0] if newest is not None else None


def _insert_message(
    connection: Connection, link: ChainedMessage, parent: int | None, previous: Message | None
) -> int:
    """Insert a message after its parent, the message `previous`; return its row."""
    root, turn = 0, 1
    if parent is not None and previous is not None:
        root, turn = connection.execute(
            "SELECT root, turn FROM messages WHERE id = ?", (parent,)
        ).fetchone()
        turn += begins_turn(link.message, previous)
    cursor = connection.execute(
        "INSERT INTO messages (hash, parent, root, turn, role, at) VALUES (?, ?, ?, ?, ?, ?)",
        (link.hash, parent, root, turn, link.message.role, int(time.time())),
    )
    number = int(cursor.lastrowid or 0)
    if not root:
        connection.execute("UPDATE messages SET root = id WHERE id = ?", (number,))
    return number


def _insert_blocks(
    connection: Connection, message: Message, number: int, subjects: dict[str, str]
) -> None:
    """Insert the blocks of the message with this row, and make their text findable."""
    root = int(
        connection.execute("SELECT root FROM messages WHERE id = ?", (number,)).fetchone()[0]
    )
    blocks = zip(message.content, raw_blocks(message), strict=True)
    for position, (block, raw) in enumerate(blocks):
        reference, body = canonical_block(raw)
        row = _block_id(connection, body)
        connection.execute(
            "INSERT INTO contents VALUES (?, ?, ?, ?)", (number, position, row, reference)
        )
        if adds_text(block):
            index_block(connection, root, row, block_text(block), subjects.get(reference, ""))


def _block_id(connection: Connection, body: bytes) -> int:
    """Return the row of a block, inserted if it is new."""
    digest = stable_hash(body)
    row = connection.execute("SELECT id FROM blocks WHERE hash = ?", (digest,)).fetchone()
    if row is not None:
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO blocks (hash, body) VALUES (?, ?)", (digest, compress(body))
    )
    return int(cursor.lastrowid or 0)


def _move_head(
    connection: Connection, conversation: int, message: int, chain: Sequence[ChainedMessage]
) -> None:
    """Move the end of the branch that grew to this message; if none grew, begin a new branch."""
    hashes = {link.hash for link in chain}
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


def _call_subjects(chain: Iterable[ChainedMessage]) -> dict[str, str]:
    """Return what each call was about, by its id."""
    return {
        block.id: call_subject(block)
        for link in chain
        for block in link.message.content
        if isinstance(block, ToolUseBlock)
    }


def _title(messages: Iterable[Message]) -> str:
    """Return the beginning of the user's first text."""
    texts = (
        block.text
        for message in messages
        if message.role == "user"
        for block in message.content
        if isinstance(block, TextBlock) and not is_reminder(block.text)
    )
    title = next(filter(None, texts), "")
    return " ".join(title.split())[:_TITLE_CHARACTERS]
