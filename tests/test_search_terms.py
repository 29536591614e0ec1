"""Texts are split into search terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.search_terms import (
    compound_forms,
    query_terms,
    split_terms,
)

TEXT = st.text(st.sampled_from("ab _Z9\n\t{}é\u4e2d"), max_size=3000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("readConfigFile", ["read", "config", "file"]),
        ("read_config_file", ["read", "config", "file"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("src/app.py:42", ["src", "app", "py", "42"]),
        ("10.0.0.7", ["10", "0", "0", "7"]),
        ("Größe_neu 数据", ["größe", "neu", "数", "据"]),
        ("utf8 x86_64", ["utf8", "x", "86", "64"]),
    ],
)
def test_identifiers_are_split_into_words(text: str, found: list[str]) -> None:
    assert split_terms(text) == found


def test_the_words_of_an_identifier_are_also_searched_as_a_phrase_and_as_one_word() -> None:
    assert query_terms("What does readConfigFile do?") == [
        "read config file",
        "read",
        "config",
        "file",
        "readconfigfile",
    ]


def test_a_word_may_be_written_in_two_parts() -> None:
    assert compound_forms("nests") == ["ne sts", "nes ts"]
    assert not compound_forms("nest2")
    assert not compound_forms("größe")


@given(TEXT)
def test_query_terms_are_never_empty(text: str) -> None:
    assert all(term.strip() for term in query_terms(text))
