"""Passages by meaning: what an embedding model makes of them, and which are nearest.

A vector is kept twice: as the signs of its numbers, one bit each, and as numbers of one byte. The
signs of thousands are compared in a millisecond, and the nearest of them once more by the numbers.
No extension of SQLite is needed for that; many builds of Python cannot load any.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt
from operator import mul
from sqlite3 import Connection

from msgspec import Struct

from ollama_claude_proxy.sessions.message_chain import restored, text_of
from ollama_claude_proxy.sessions.storage.compression import unpacked
from ollama_claude_proxy.sessions.storage.database import Database

# Numbers of a vector of length 1 are about 0.05; so they keep two digits in a byte.
_SCALE = 400
# How many of the nearest by signs are compared by numbers, for one that is wanted.
_PRESELECTED = 3


class Query(Struct, frozen=True):
    """What is looked for, as a `vector` of an embedding `model`."""

    model: str
    vector: Sequence[float]


class Piece(Struct, frozen=True):
    """A passage by its number, with the text that an embedding model should read."""

    number: int
    text: str


class Vectors:
    """The vectors in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any(self, model: str) -> bool:
        """Whether there are vectors of a model."""
        return bool(self._database.rows("SELECT 1 FROM vectors WHERE model = ? LIMIT 1", model))

    def nearest(self, query: Query, ranges: Iterable[tuple[int, int]], most: int) -> list[int]:
        """Give the numbers of the passages that are nearest, the nearest first."""
        wanted = _unit(query.vector)
        signs, parts = _signs(wanted), _parts(wanted)
        rows = [
            ((int.from_bytes(known) ^ signs).bit_count(), int(number))
            for first, last in ranges
            for number, known in self._database.rows(
                "SELECT passage, signs FROM vectors WHERE passage BETWEEN ? AND ? AND model = ?",
                first,
                last,
                query.model,
            )
        ]
        close = [number for _, number in sorted(rows)[: most * _PRESELECTED]]
        scored = [(self._likeness(number, query.model, parts), number) for number in close]
        scored.sort(key=lambda one: -one[0])
        return [number for _, number in scored[:most]]

    def missing(self, model: str, ranges: Iterable[tuple[int, int]], most: int) -> list[Piece]:
        """Give passages without a vector of a model, the newest first."""
        return [
            Piece(number, f"{source}\n{_text(body)[start : start + length]}".strip())
            for first, last in ranges
            for number, start, length, source, body in self._database.rows(
                "SELECT p.id, p.start, p.length, s.text, b.body FROM passages AS p"
                " JOIN blocks AS b ON b.id = p.block JOIN sources AS s ON s.id = p.source"
                " WHERE p.id BETWEEN ? AND ? AND NOT EXISTS"
                " (SELECT 1 FROM vectors AS v WHERE v.passage = p.id AND v.model = ?)"
                " ORDER BY p.id DESC LIMIT ?",
                first,
                last,
                model,
                most,
            )
        ][:most]

    def keep(self, model: str, vectors: Iterable[tuple[int, Sequence[float]]]) -> None:
        """Keep the vectors of passages, by their numbers."""
        rows = list(_rows(model, vectors))

        def write(connection: Connection) -> None:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors SELECT id, ?, ?, ? FROM passages WHERE id = ?", rows
            )

        self._database.together(write)

    def _likeness(self, number: int, model: str, parts: "array[int]") -> int:
        rows = self._database.rows(
            "SELECT parts FROM vectors WHERE passage = ? AND model = ?", number, model
        )
        return sum(map(mul, array("b", rows[0][0]), parts)) if rows else 0


def _rows(
    model: str, vectors: Iterable[tuple[int, Sequence[float]]]
) -> Iterator[tuple[str, bytes, bytes, int]]:
    for number, vector in vectors:
        unit = _unit(vector)
        signs = _signs(unit).to_bytes((len(unit) + 7) // 8)
        yield model, signs, _parts(unit).tobytes(), number


def _unit(vector: Sequence[float]) -> list[float]:
    length = sqrt(sum(map(mul, vector, vector))) or 1.0
    return [one / length for one in vector]


def _signs(vector: Sequence[float]) -> int:
    return int("".join("1" if one > 0 else "0" for one in vector) or "0", 2)


def _parts(vector: Sequence[float]) -> "array[int]":
    return array("b", (max(-127, min(127, round(one * _SCALE))) for one in vector))


def _text(body: bytes) -> str:
    return text_of(restored("", unpacked(body)))
