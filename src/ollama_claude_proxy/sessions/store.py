"""What outlives the proxy: one SQLite file in the user's data folder, for its owner only.

It keeps the model's own turns, what Ollama has counted, and the heads of prompts. All of it only
saves time: where the file cannot be read or written, a note goes to the log and work goes on
without. A file that is no database is set aside under another name, never deleted.

The write-ahead log with `synchronous=NORMAL` survives a crash of the proxy at any moment; a loss of
power may cost the last turns, which are then read again by the model.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (key TEXT PRIMARY KEY, raw TEXT NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS turns_at ON turns (at);
CREATE TABLE IF NOT EXISTS facts (kind TEXT, model TEXT, value TEXT NOT NULL,
    PRIMARY KEY (kind, model)) WITHOUT ROWID;
"""
# A turn is some kilobytes; the oldest go first.
_MOST_TURNS = 20_000
_BUSY_SECONDS = 1.0


class Store:
    """The file; `path` None keeps nothing. No method raises."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        if path is not None:
            self._database = self._opened(path)
        self._told = False

    def turn(self, key: str) -> str | None:
        """Give the raw text of a turn."""
        rows = self._rows("SELECT raw FROM turns WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def keep_turn(self, key: str, raw: str) -> None:
        """Keep the raw text of a turn; older ones go when there are too many."""
        self._write(
            "INSERT OR REPLACE INTO turns VALUES (?, ?,"
            " (SELECT COALESCE(MAX(at), 0) + 1 FROM turns))",
            key,
            raw,
        )
        self._write("DELETE FROM turns WHERE at <= (SELECT MAX(at) FROM turns) - ?", _MOST_TURNS)

    def facts(self, kind: str) -> dict[str, str]:
        """Give all facts of a kind by model."""
        rows = self._rows("SELECT model, value FROM facts WHERE kind = ?", kind)
        return {str(model): str(value) for model, value in rows}

    def keep_fact(self, kind: str, model: str, value: str) -> None:
        """Keep a fact of a model."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", kind, model, value)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _rows(self, words: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._tried(lambda database: database.execute(words, values).fetchall()) or []

    def _write(self, words: str, *values: Any) -> None:
        self._tried(lambda database: database.execute(words, values))

    def _tried(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if self._database is None:
            return None
        try:
            return work(self._database)
        except sqlite3.Error as error:
            self._tell(error)
            return None

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning("what is remembered in %s cannot be used: %s", self._path, error)

    def _opened(self, path: Path) -> sqlite3.Connection | None:
        self._told = False
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or no place
                self._tell(error)
                return None
            aside = path.with_name(f"{path.name}.broken")
            logger.warning("%s is no database and was set aside as %s", path, aside.name)
        except OSError as error:
            self._tell(error)
            return None
        try:
            _set_aside(path, aside)
            return _open(path)
        except (sqlite3.Error, OSError) as error:
            self._tell(error)
            return None


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    database = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        for words in _pragmas():
            database.execute(words)
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _pragmas() -> Iterable[str]:
    yield "PRAGMA journal_mode = WAL"
    yield "PRAGMA synchronous = NORMAL"
    yield "PRAGMA foreign_keys = ON"


def _set_aside(path: Path, aside: Path) -> None:
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
