"""Passages by meaning: their vectors from an embedding model, and which are nearest.

A vector is stored twice: as the signs of its numbers, one bit each, and as numbers of one byte. The
signs of ten thousand are compared in two milliseconds, and the nearest of them once more by the
numbers. No extension of SQLite is needed for that; many builds of Python cannot load any.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from math import sqrt
from operator import mul
from sqlite3 import Connection

from msgspec import Struct

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.message_chain import restore_block
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector
from ollama_claude_proxy.sessions.storage.compression import decompress
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import NumberRange, numbers_of_root
from ollama_claude_proxy.sessions.storage.vector_signs import VectorSigns

# Numbers of a vector of length 1 are about 0.05, so they keep two digits in a byte.
_SCALE = 400
# How many of the nearest by signs are compared by numbers, for each that is returned.
_CANDIDATES_PER_MATCH = 3


class PassageText(Struct, frozen=True):
    """A passage by its number, with the text that an embedding model should read."""

    number: int
    text: str


class Vectors:
    """The vectors in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vector_signs = VectorSigns(database)

    def exists(self, model: str) -> bool:
        """Whether there are vectors of a model."""
        return bool(self._database.rows("SELECT 1 FROM vectors WHERE model = ? LIMIT 1", model))

    def nearest(
        self, query: QueryVector, ranges: Iterable[NumberRange], max_matches: int
    ) -> list[int]:
        """Return the numbers of the passages that are nearest, the nearest first."""
        target = _normalized(query.vector)
        signs, values = _signs(target), _byte_values(target)
        known: list[int] = []
        distances: list[int] = []
        for numbers in ranges:
            kept = self._vector_signs.read(query.model, numbers)
            known += kept
            distances += [(other ^ signs).bit_count() for other in kept.values()]
        count = max_matches * _CANDIDATES_PER_MATCH
        places = nsmallest(count, range(len(known)), key=distances.__getitem__)
        close = [known[place] for place in places]
        scored = [(self._similarity(number, query.model, values), number) for number in close]
        scored.sort(key=lambda entry: -entry[0])
        return [number for _, number in scored[:max_matches]]

    def missing(self, model: str, roots: Iterable[int], max_count: int) -> list[PassageText]:
        """Return passages without a vector of a model, the newest first."""
        return [
            PassageText(number, f"{source}\n{_text(body)[start : start + length]}".strip())
            for first, last in map(numbers_of_root, roots)
            for number, start, length, source, body in self._database.rows(
                "SELECT p.id, p.start, p.length, s.text, b.body FROM passages AS p"
                " JOIN blocks AS b ON b.id = p.block JOIN sources AS s ON s.id = p.source"
                " WHERE p.id BETWEEN ? AND ? AND NOT EXISTS"
                " (SELECT 1 FROM vectors AS v WHERE v.passage = p.id AND v.model = ?)"
                " ORDER BY p.id DESC LIMIT ?",
                first,
                last,
                model,
                max_count,
            )
        ][:max_count]

    def keep(self, model: str, vectors: Iterable[tuple[int, Sequence[float]]]) -> None:
        """Store the vectors of passages, by their numbers."""
        rows = list(_rows(model, vectors))

        def write(connection: Connection) -> None:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors SELECT id, ?, ?, ? FROM passages WHERE id = ?", rows
            )

        self._database.transaction(write)
        self._vector_signs.add(
            model, [(number, int.from_bytes(bits)) for _, bits, _, number in rows]
        )

    def _similarity(self, number: int, model: str, values: "array[int]") -> int:
        rows = self._database.rows(
            "SELECT parts FROM vectors WHERE passage = ? AND model = ?", number, model
        )
        return sum(map(mul, array("b", rows[0][0]), values)) if rows else 0


def _rows(
    model: str, vectors: Iterable[tuple[int, Sequence[float]]]
) -> Iterator[tuple[str, bytes, bytes, int]]:
    for number, vector in vectors:
        normalized = _normalized(vector)
        signs = _signs(normalized).to_bytes((len(normalized) + 7) // 8)
        yield model, signs, _byte_values(normalized).tobytes(), number


def _normalized(vector: Sequence[float]) -> list[float]:
    length = sqrt(sum(map(mul, vector, vector))) or 1.0
    return [value / length for value in vector]


def _signs(vector: Sequence[float]) -> int:
    return int("".join("1" if value > 0 else "0" for value in vector) or "0", 2)


def _byte_values(vector: Sequence[float]) -> "array[int]":
    return array("b", (max(-127, min(127, round(value * _SCALE))) for value in vector))


def _text(body: bytes) -> str:
    return block_text(restore_block(decompress(body)))
