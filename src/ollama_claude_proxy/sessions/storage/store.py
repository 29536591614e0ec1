"""Small things that outlive the proxy: the model's own turns, and facts about models."""

from collections.abc import Sequence
from hashlib import sha256

from ollama_claude_proxy.sessions.storage.compression import packed, unpacked
from ollama_claude_proxy.sessions.storage.database import Database

# A turn is some kilobytes; the oldest go first.
_MOST_TURNS = 20_000


class Store:
    """Turns and facts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, key: str) -> str | None:
        """Give the raw text of a turn."""
        rows = self._database.rows("SELECT raw FROM turns WHERE key = ?", key)
        return _text(rows[0][0]) if rows else None

    def keep_turn(self, key: str, raw: str) -> None:
        """Keep the raw text of a turn; older ones go when there are too many."""
        body = packed(raw.encode("utf-8", "surrogatepass"))
        self._database.write(
            "INSERT OR REPLACE INTO turns VALUES (?, ?,"
            " (SELECT COALESCE(MAX(at), 0) + 1 FROM turns))",
            key,
            body,
        )
        self._database.write(
            "DELETE FROM turns WHERE at <= (SELECT MAX(at) FROM turns) - ?", _MOST_TURNS
        )

    def facts(self, kind: str) -> dict[str, str]:
        """Give all facts of a kind by model."""
        rows = self._database.rows("SELECT model, value FROM facts WHERE kind = ?", kind)
        return {str(model): str(value) for model, value in rows}

    def keep_fact(self, kind: str, model: str, value: str) -> None:
        """Keep a fact of a model."""
        self._database.write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", kind, model, value)


def _text(raw: str | bytes) -> str:
    """Read a turn; those of older files are no bytes."""
    return raw if isinstance(raw, str) else unpacked(raw).decode("utf-8", "surrogatepass")


def turn_key(identifiers: Sequence[str], text: str) -> str:
    """Give the name under which a turn is kept."""
    if identifiers:
        return " ".join(identifiers)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
