"""The signs of vectors, kept in memory between two searches: reading them takes the most time."""

from collections.abc import Iterable

from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import (
    NumberRange,
    numbers_of_root,
    root_of,
)

# The signs of one vector, by the number of its passage.
Signs = dict[int, int]

# About ten megabytes; a session of 400,000 tokens has 4,000 vectors.
_MAX_KEPT = 50_000


class VectorSigns:
    """The signs of the roots that were searched last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[tuple[str, NumberRange], Signs] = {}
        self._version = 0

    def read(self, model: str, numbers: NumberRange) -> Signs:
        """Return the signs of a model's vectors in a range of passages."""
        self._forget_if_written_elsewhere()
        key = (model, numbers)
        signs = self._kept.pop(key, None)
        if signs is None:
            signs = self._load(model, numbers)
        self._kept[key] = signs  # the one that was used last is the last
        self._forget_oldest()
        return signs

    def add(self, model: str, added: Iterable[tuple[int, int]]) -> None:
        """Add signs that this connection has just stored."""
        for number, signs in added:
            kept = self._kept.get((model, numbers_of_root(root_of(number))))
            if kept is not None:
                kept[number] = signs

    def _load(self, model: str, numbers: NumberRange) -> Signs:
        rows = self._database.rows(
            "SELECT passage, signs FROM vectors WHERE passage BETWEEN ? AND ? AND model = ?",
            *numbers,
            model,
        )
        return {int(number): int.from_bytes(signs) for number, signs in rows}

    def _forget_if_written_elsewhere(self) -> None:
        """Forget all once another connection, such as pruning, has changed the file."""
        rows = self._database.rows("PRAGMA data_version")
        version = int(rows[0][0]) if rows else 0
        if version != self._version:
            self._kept.clear()
            self._version = version

    def _forget_oldest(self) -> None:
        excess = sum(map(len, self._kept.values())) - _MAX_KEPT
        for key in list(self._kept)[:-1]:
            if excess <= 0:
                break
            excess -= len(self._kept.pop(key))
