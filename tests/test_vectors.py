"""The nearest vectors are those that the file holds now, whoever changed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_claude_proxy.sessions.recall.search_scope import QueryVector
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_numbers import numbers_of_root
from ollama_claude_proxy.sessions.storage.pruning import Pruning
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from support.archive import send, user_message
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

MODEL = "model 1"
ROOT = 1
EAST, NORTH = (1.0, 0.1), (0.1, 1.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file with one conversation, which has a passage for each message."""
    path = tmp_path / "ocp" / "sessions.db"
    with FakeOllama() as fake, Proxy(fake.url, data=path) as proxy:
        fake.respond = lambda _body: answer("Ok.")
        send(proxy, [user_message("The kestrel nests behind the mill.")])
    return path


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    database = Database(data)
    yield database
    database.close()


def nearest(vectors: Vectors, direction: tuple[float, float], max_matches: int = 5) -> list[int]:
    return vectors.nearest(QueryVector(MODEL, direction), [numbers_of_root(ROOT)], max_matches)


def passage_numbers(vectors: Vectors) -> list[int]:
    return [passage.number for passage in vectors.missing(MODEL, [ROOT], 10)]


def test_vectors_that_follow_a_search_are_found_by_the_next(database: Database) -> None:
    vectors = Vectors(database)
    first, second = passage_numbers(vectors)
    vectors.keep(MODEL, [(first, EAST)])
    assert nearest(vectors, NORTH) == [first]
    vectors.keep(MODEL, [(second, NORTH)])
    assert nearest(vectors, NORTH) == [second, first]
    assert nearest(vectors, EAST, 1) == [first]


def test_a_newer_vector_replaces_the_one_that_was_searched(database: Database) -> None:
    vectors = Vectors(database)
    first, second = passage_numbers(vectors)
    vectors.keep(MODEL, [(first, EAST), (second, NORTH)])
    assert nearest(vectors, EAST, 1) == [first]
    vectors.keep(MODEL, [(first, NORTH), (second, EAST)])
    assert nearest(vectors, EAST, 1) == [second]


def test_what_another_connection_deleted_is_not_found(database: Database, data: Path) -> None:
    vectors = Vectors(database)
    numbers = passage_numbers(vectors)
    vectors.keep(MODEL, [(number, EAST) for number in numbers])
    assert sorted(nearest(vectors, EAST)) == sorted(numbers)
    other = Database(data)
    assert Pruning(other).delete([1]) == 1
    other.close()
    assert nearest(vectors, EAST) == []


def test_vectors_of_another_model_are_not_compared(database: Database) -> None:
    vectors = Vectors(database)
    number, _ = passage_numbers(vectors)
    vectors.keep("model 2", [(number, EAST)])
    assert nearest(vectors, EAST) == []
