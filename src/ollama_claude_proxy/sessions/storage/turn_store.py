"""The texts that models wrote as their turns, by what the client sends back of them."""

from collections.abc import Sequence
from hashlib import sha256

from ollama_claude_proxy.sessions.storage.compression import compress, decompress
from ollama_claude_proxy.sessions.storage.database import Database

# A turn is some kilobytes; the oldest go first.
_MAX_TURNS = 20_000


class TurnStore:
    """Turns in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> str | None:
        """Return the text of a turn."""
        rows = self._database.rows("SELECT raw FROM turns WHERE key = ?", key)
        return _decode(rows[0][0]) if rows else None

    def keep(self, key: str, text: str) -> None:
        """Store the text of a turn; the oldest are deleted when there are too many."""
        body = compress(text.encode("utf-8", "surrogatepass"))
        self._database.write(
            "INSERT OR REPLACE INTO turns VALUES (?, ?,"
            " (SELECT COALESCE(MAX(at), 0) + 1 FROM turns))",
            key,
            body,
        )
        self._database.write(
            "DELETE FROM turns WHERE at <= (SELECT MAX(at) FROM turns) - ?", _MAX_TURNS
        )


def turn_key(call_ids: Sequence[str], text: str) -> str:
    """Return the key under which a turn is stored: the ids of its calls, or a hash of its text."""
    if call_ids:
        return " ".join(call_ids)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _decode(body: str | bytes) -> str:
    """Return a turn's text; those in older files are not compressed."""
    return body if isinstance(body, str) else decompress(body).decode("utf-8", "surrogatepass")
