"""One SQLite file in the user's data folder, for its owner only, and what to do when it fails.

What it keeps saves time and carries long conversations, but no answer depends on it: where the file
cannot be read or written, a note goes to the log and work goes on without. A file that is broken is
set aside under another name, never deleted, and a new one begun.

The write-ahead log with `synchronous=NORMAL` survives a crash of the proxy at any moment; a loss of
power may cost the last turns.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ollama_claude_proxy.sessions.storage.schema import MIGRATIONS

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
# An answer must not wait for another program that holds the file.
_BUSY_SECONDS = 0.25
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
# Ten thousand passages of cached pages, for searching long conversations.
_CACHE_KIBIBYTES = 8192


class NewerFileError(Exception):
    """The file was written by a newer version, which is not for this one to change."""


class Database:
    """The file; `path` None keeps everything in memory. No method raises."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._told = False
        self._connection = self._opened(path)

    @property
    def usable(self) -> bool:
        """Whether anything can be kept."""
        return self._connection is not None

    def rows(self, words: str, *values: Any) -> list[tuple[Any, ...]]:
        """Give the rows of a query; none where it fails."""
        return self._tried(lambda one: one.execute(words, values).fetchall()) or []

    def write(self, words: str, *values: Any) -> int:
        """Run one statement by itself; give how many rows it has changed."""
        return self._tried(lambda one: one.execute(words, values).rowcount) or 0

    def together(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do all of some work or nothing; None where it fails."""

        def whole(connection: sqlite3.Connection) -> _T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                done = work(connection)
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return done

        return self._tried(whole)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _tried(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        if self._connection is None:
            return None
        try:
            done = work(self._connection)
        except sqlite3.OperationalError as error:  # locked, or no place
            self._tell(error)
            return None
        except sqlite3.DatabaseError as error:
            self._tell(error)
            self._begin_anew()
            return None
        self._told = False
        return done

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning("what is remembered in %s cannot be used: %s", self.path, error)

    def _opened(self, path: Path | None) -> sqlite3.Connection | None:
        try:
            return _open(path)
        except NewerFileError:
            logger.warning("%s was written by a newer ocp; nothing is kept until it is used", path)
        except (sqlite3.OperationalError, OSError) as error:
            self._tell(error)
        except sqlite3.DatabaseError:
            return self._replaced(path)
        return None

    def _begin_anew(self) -> None:
        self.close()
        self._connection = self._replaced(self.path)

    def _replaced(self, path: Path | None) -> sqlite3.Connection | None:
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
            self._tell(error)
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
    """Give the version of the file; raises NewerFileError before anything is changed in it."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise NewerFileError
    return version


def _free_name(path: Path) -> Path:
    """Give a name that nothing has: what was set aside before stays, too."""
    names = (path.with_name(f"{path.name}.broken{number or ''}") for number in range(1000))
    return next((name for name in names if not name.exists()), path.with_name(f"{path.name}.old"))
