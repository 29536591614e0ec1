"""German words are looked up in English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.german import translate


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("datei", {"file"}),
        ("dateien", {"file"}),
        ("befehlen", {"command"}),
        ("fehlern", {"error"}),
        ("spalten", {"column"}),
        ("grenzen", {"limit"}),
        ("sperren", {"lock"}),
        ("löschung", {"delete"}),
        ("prüfungen", {"check"}),
        ("beschränkung", {"limit"}),
        ("fehlermeldung", {"error", "message"}),
        ("fehlermeldungen", {"error", "message"}),
        ("zeilennummer", {"number"}),
        ("datenbankabfrage", {"database", "query"}),
        ("verbindungspool", {"connection", "pool"}),
        ("clientfehler", {"client", "error"}),
        ("warteschlange", {"queue"}),
    ],
)
def test_words_their_endings_and_compounds_are_translated(word: str, english: set[str]) -> None:
    assert english <= set(translate(word))


@pytest.mark.parametrize(
    "word",
    ["", "a", "heron", "kestrel", "xyzzy", "storch", "123", "пул", "数据", "of", "en", "ung"],
)
def test_what_is_not_known_has_no_translation(word: str) -> None:
    assert translate(word) == ()


def test_a_known_word_is_not_taken_apart() -> None:
    assert set(translate("zeitstempel")) == {"timestamp"}


def test_what_is_too_long_for_a_word_is_not_taken_apart() -> None:
    assert translate("x" * 5000 + "fehler") == ()


@given(st.text("abcdefgilmnorstuäöü", max_size=30))
def test_translations_are_words(word: str) -> None:
    assert all(one and len(one.split()) == 1 for one in translate(word))
