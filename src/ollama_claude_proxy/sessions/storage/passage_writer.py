"""Indexes the text of a block: its passages, and their words."""

from sqlite3 import Connection

from ollama_claude_proxy.sessions.block_text import is_reminder
from ollama_claude_proxy.sessions.recall.passages import split_passages
from ollama_claude_proxy.sessions.recall.search_terms import split_terms, strip_line_numbers
from ollama_claude_proxy.sessions.storage.passage_numbers import numbers_of_root

_SOURCE_CHARACTERS = 200


def index_block(connection: Connection, root: int, block: int, text: str, subject: str) -> None:
    """Index a block's text, once for each root; `subject` is what its call was about."""
    first, last = numbers_of_root(root)
    known = connection.execute(
        "SELECT 1 FROM passages WHERE block = ? AND id BETWEEN ? AND ?", (block, first, last)
    ).fetchone()
    if known is not None or not text.strip() or is_reminder(text):
        return
    newest = connection.execute(
        "SELECT MAX(id) FROM passages WHERE id BETWEEN ? AND ?", (first, last)
    ).fetchone()[0]
    next_number = first if newest is None else int(newest) + 1
    subject = subject[:_SOURCE_CHARACTERS]
    source = _source_id(connection, subject)
    rows, words = [], []
    for number, (start, length) in enumerate(split_passages(text), next_number):
        rows.append((number, block, start, length, source))
        words.append((number, indexed_words(subject, text[start : start + length])))
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)


def indexed_words(source: str, text: str) -> str:
    """Return the words by which a passage of a source is found.

    They are also how it is deleted from the index, so that a change here needs a migration.
    """
    return " ".join((*split_terms(source), *split_terms(strip_line_numbers(text))))


def _source_id(connection: Connection, text: str) -> int:
    connection.execute("INSERT OR IGNORE INTO sources (text) VALUES (?)", (text,))
    row = connection.execute("SELECT id FROM sources WHERE text = ?", (text,)).fetchone()
    return int(row[0])
