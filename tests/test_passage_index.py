"""Passages are searched in a real database: over forks, compacted and other conversations."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.message_chain import chain_messages
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector, SearchScope
from ollama_claude_proxy.sessions.recall.surroundings import lines_around
from ollama_claude_proxy.sessions.storage.archive import Archive
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_index import StoredPassages
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from ollama_claude_proxy.wire.anthropic import Message, parse_message

BEGIN = "Working directory: /srv/birds\nWatch the heron."


class Store:
    """Conversations in a database, and the index of their passages."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self._archive = Archive(self._database)
        self.vectors = Vectors(self._database)
        self.index = StoredPassages(self._database, self.vectors)

    def keep(self, key: str, *texts: str) -> None:
        """Store what the user and the model said in turns."""
        roles = ("user", "assistant")
        self.keep_messages(
            key, [parse_message(roles[at % 2], text) for at, text in enumerate(texts)]
        )

    def keep_messages(self, key: str, messages: Sequence[Message]) -> None:
        self._archive.keep(ConversationKey(key, key), chain_messages(messages))

    def scope(self, key: str, *, project: bool = False) -> SearchScope:
        scope = self.index.scope(key, project=project)
        assert scope is not None
        return scope

    def find(self, term: str, key: str = "one", *, project: bool = False) -> list[Passage]:
        """Return the passages that have a term, by their place."""
        scope = self.scope(key, project=project)
        loaded = self.index.load(self.index.with_term(term, scope, 100), scope)
        return sorted(loaded.values(), key=lambda passage: passage.message)

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "sessions.db")
    yield opened
    opened.close()


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in passages]


@pytest.mark.parametrize(
    ("term", "matches"),
    [
        ("heron", 1),
        ("stork", 2),
        ("parse nest", 1),
        ("nest parse", 0),
        ("crane", 0),
        ("HERON", 1),
        ('he"ron', 0),
        ('"', 0),
        ('heron" OR "stork', 0),
        ("heron*", 1),
        ("NOT stork", 0),
        ("(", 0),
        ("", 0),
    ],
)
def test_terms_are_words_or_phrases_whatever_signs_they_hold(
    store: Store, term: str, matches: int
) -> None:
    store.keep("one", BEGIN, "The stork calls parseNest.", "A stork.", "Fine.")
    assert len(store.find(term)) == matches


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_term_is_an_error(store: Store, term: str) -> None:
    store.keep("one", BEGIN)
    assert len(store.index.with_term(term, store.scope("one"), 5)) <= 1


def test_the_oldest_matches_are_returned_and_all_passages_counted(store: Store) -> None:
    store.keep("one", BEGIN, *(f"The stork number {number}." for number in range(9)))
    scope = store.scope("one")
    numbers = store.index.with_term("stork", scope, 3)
    assert numbers == sorted(numbers)
    loaded = store.index.load(numbers, scope)
    assert texts([loaded[number] for number in numbers]) == [
        f"The stork number {number}." for number in range(3)
    ]
    assert store.index.count(scope) == 10


def test_passages_are_numbered_by_their_place(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "Another stork?", "Yes.")
    first, second = store.find("stork")
    assert (first.message, first.is_request) == (1, False)
    assert (second.message, second.is_request) == (2, True)
    assert not first.is_foreign


def test_a_passage_of_a_long_result_is_loaded_with_its_call_and_its_surroundings(
    store: Store,
) -> None:
    rows = "\n".join(f"{number}\tthe row {number} of {'x' * 50}" for number in range(200))
    read = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "/birds.txt"}}
    content = {"type": "tool_result", "tool_use_id": "t", "content": rows.replace("row 90", "ibis")}
    messages = [
        parse_message("user", BEGIN),
        parse_message("assistant", [read]),
        parse_message("user", [content]),
    ]
    store.keep_messages("one", messages)
    (found,) = store.find("ibis")
    assert found.source == "Read /birds.txt"
    assert not found.is_request
    assert "ibis" in found.text
    around = lines_around(found)
    assert len(found.text) < len(around) < len(rows) // 4
    assert found.text in around
    assert around in found.whole
    assert store.index.count(store.scope("one")) > 10


def test_a_fork_does_not_see_what_the_other_said(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "This way, crane.")
    store.keep("one", BEGIN, "A stork.", "That way, ibis.")
    assert texts(store.find("stork")) == ["A stork."]
    assert texts(store.find("ibis")) == ["That way, ibis."]
    assert store.find("crane") == []
    # the passages of both count, for they are of one root
    assert store.index.count(store.scope("one")) == 4


def test_a_session_that_goes_on_under_another_key_sees_what_it_shares(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "A crane.")
    store.keep("two", BEGIN, "A stork.", "An ibis.")
    assert texts(store.find("stork", "two")) == ["A stork."]
    assert store.find("crane", "two") == []


def test_what_was_before_a_compaction_stands_before_the_conversation(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "Where?", "Another stork.")
    store.keep("one", "In short: we watched birds.", "A third stork.")
    found = store.find("stork")
    assert texts(found) == ["A stork.", "Another stork.", "A third stork."]
    assert [passage.message < 0 for passage in found] == [True, True, False]
    assert not any(passage.is_foreign for passage in found)
    assert store.index.count(store.scope("one")) == 6


def test_a_compacted_conversation_began_otherwise(store: Store) -> None:
    first, anew = (
        chain_messages([parse_message("user", text)])[0].hash for text in (BEGIN, "In short.")
    )
    store.keep("one", BEGIN, "A stork.")
    assert not store.index.has_earlier("one", first)
    store.keep("one", BEGIN, "A fork.")
    assert not store.index.has_earlier("one", first)
    store.keep("one", "In short.", "A stork.")
    assert store.index.has_earlier("one", anew)
    assert not store.index.has_earlier("nobody", anew)


def test_other_conversations_of_the_folder_are_searched_only_where_wanted(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.")
    store.keep("two", f"{BEGIN} Again.", "A stork from there.")
    store.keep("three", BEGIN.replace("birds", "fish"), "A stork from elsewhere.")
    assert texts(store.find("stork")) == ["A stork."]
    found = store.find("stork", project=True)
    assert [(passage.text, passage.is_foreign) for passage in found] == [
        ("A stork from there.", True),
        ("A stork.", False),
    ]
    assert found[0].message < 0
    assert store.index.count(store.scope("one", project=True)) == 4


def test_passages_out_of_the_scope_are_not_loaded(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.")
    store.keep("two", f"{BEGIN} Again.", "A crane.")
    numbers = store.index.with_term("crane", store.scope("two"), 9)
    assert len(numbers) == 1
    assert store.index.load(numbers, store.scope("one")) == {}
    assert store.index.load([], store.scope("one")) == {}
    assert store.index.load([12345], store.scope("one")) == {}


def test_what_is_said_twice_stands_where_it_was_said_last(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "Again?", "A stork.", "Fine?")
    assert [passage.message for passage in store.find("stork")] == [3]


def test_an_unknown_conversation_has_no_scope(store: Store) -> None:
    assert store.index.scope("nobody", project=False) is None


def test_the_nearest_are_within_the_scope(store: Store) -> None:
    store.keep("one", BEGIN, "A stork.", "A crane.")
    store.keep("two", f"{BEGIN} Again.", "An ibis.")
    scope, both = store.scope("one"), store.scope("one", project=True)
    (stork,) = store.index.with_term("stork", scope, 1)
    (crane,) = store.index.with_term("crane", scope, 1)
    (ibis,) = store.index.with_term("ibis", both, 1)
    store.vectors.keep("m", [(stork, (1.0, 0.1)), (crane, (0.1, 1.0)), (ibis, (0.2, 1.0))])
    query = QueryVector("m", (0.1, 1.0))
    assert store.index.nearest(query, scope, 9) == [crane, stork]
    assert set(store.index.nearest(query, both, 2)) == {crane, ibis}
    assert store.index.nearest(QueryVector("other", (0.1, 1.0)), scope, 9) == []
