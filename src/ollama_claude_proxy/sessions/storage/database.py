"""One SQLite file in the user's data folder, for its owner only, and what to do when it fails.

It saves time and carries long conversations, but no answer depends on it: if the file cannot be
read or written, a note goes to the log and work goes on without it. A broken file is set aside
under another name, never deleted, and a new one begun.

The write-ahead log with `synchronous=NORMAL` survives a crash of the proxy at any moment; a loss of
power may cost the last turns.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from ollama_claude_proxy.sessions.storage.schema import MIGRATIONS

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
# An answer must not wait for another program that holds the file.
_BUSY_SECONDS = 0.25
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
# Ten thousand passages of cached pages, for searching long conversations.
_CACHE_KIBIBYTES = 8192

_UNHARMED = (
    sqlite3.OperationalError,
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
)


class NewerFileError(Exception):
    """The file was written by a newer version; this one must not change it."""


class Database:
    """The file; `path` None keeps everything in memory. No method raises.

    Threads may share it: each statement, and each transaction, runs alone.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._warned = False
        self._lock = RLock()
        self._connection = self._open_or_replace(path)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none if it fails."""
        return (
            self._attempt(lambda connection: connection.execute(statement, values).fetchall()) or []
        )

    def write(self, statement: str, *values: Any) -> int:
        """Run one statement by itself; return how many rows it changed."""
        return self._attempt(lambda connection: connection.execute(statement, values).rowcount) or 0

    def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Run work that only reads; return its result, or None if it fails."""
        return self._attempt(work)

    def transaction(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Run work in a transaction; return its result, or None if it fails."""

        def in_transaction(connection: sqlite3.Connection) -> _T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return result

        return self._attempt(in_transaction)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None

    def _attempt(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        with self._lock:
            return self._attempt_alone(work)

    def _attempt_alone(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if self._connection is None:
            return None
        try:
            result = work(self._connection)
        except _UNHARMED as error:  # locked, the disk is full, or a fault of the program
            self._warn(error)
            return None
        except sqlite3.DatabaseError as error:
            self._warn(error)
            self._replace_broken()
            return None
        self._warned = False
        return result

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            logger.warning("the database %s cannot be used: %s", self.path, error)

    def _open_or_replace(self, path: Path | None) -> sqlite3.Connection | None:
        try:
            return _open(path)
        except NewerFileError:
            logger.warning(
                "%s was written by a newer ocp; nothing is stored until ocp is updated", path
            )
        except (sqlite3.OperationalError, OSError) as error:
            self._warn(error)
        except sqlite3.DatabaseError:
            return self._set_aside_and_open(path)
        return None

    def _replace_broken(self) -> None:
        self.close()
        self._connection = self._set_aside_and_open(self.path)

    def _set_aside_and_open(self, path: Path | None) -> sqlite3.Connection | None:
        if path is None:
            return None
        aside = _free_name(path)
        logger.warning("%s is broken and was set aside as %s", path, aside.name)
        try:
            path.replace(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return _open(path)
        except (sqlite3.Error, OSError) as error:
            self._warn(error)
            return None


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    connection = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _version(connection)
        for pragma in (*_PRAGMAS, f"cache_size = -{_CACHE_KIBIBYTES}"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection)
    except Exception:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date; each step is whole or does not happen."""
    for number in range(_version(connection), len(MIGRATIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of the file; raises NewerFileError before anything is changed in it."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise NewerFileError
    return version


def _free_name(path: Path) -> Path:
    """Return an unused name: files that were set aside before stay, too."""
    names = (path.with_name(f"{path.name}.broken{number or ''}") for number in range(1000))
    return next((name for name in names if not name.exists()), path.with_name(f"{path.name}.old"))
