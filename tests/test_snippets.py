"""Of a passage, the lines that match."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.snippets import matching_lines, telling_lines

TEXT = "the nest\n  the heron\nthe stork and the heron\n\nthe parseNest of it\nthe end"


@pytest.mark.parametrize(
    ("terms", "lines"),
    [
        ({"heron": 1.0}, ["the heron", "the stork and the heron"]),
        ({"heron": 1.0, "end": 3.0}, ["the heron", "the end"]),
        ({"stork": 1.0, "heron": 1.0, "end": 1.5}, ["the stork and the heron", "the end"]),
        ({"end": 1.0}, ["the end"]),
        ({"parse nest": 1.0}, ["the parseNest of it"]),
        ({"crane": 1.0}, ["the nest"]),
        ({}, ["the nest"]),
    ],
)
def test_the_lines_with_the_most_terms_are_shown_in_their_order(
    terms: Mapping[str, float], lines: list[str]
) -> None:
    assert matching_lines(TEXT, terms).splitlines() == lines


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_of_nothing_there_is_no_line(text: str) -> None:
    assert matching_lines(text, {"heron": 1.0}) == ""


@given(st.text(), st.dictionaries(st.text(), st.floats(0, 9)))
def test_lines_are_of_the_text_and_few(text: str, terms: Mapping[str, float]) -> None:
    shown = matching_lines(text, terms).splitlines()
    assert len(shown) <= 4
    assert all(line in text for line in shown)


def test_a_long_line_is_cut() -> None:
    assert 0 < len(matching_lines("heron " * 1000, {"heron": 1.0})) < 1000


def test_of_a_long_text_the_ends_and_the_telling_lines_are_shown() -> None:
    lines = [f"the format of row {at} is packed" for at in range(60)]
    lines[30] = "raise at once"
    shown = telling_lines("\n".join(lines), {"format": 0.6, "packed": 0.6, "raise": 0.3}, 600)
    assert {lines[0], lines[30], lines[29], lines[-1]} <= set(shown.splitlines())
    assert "…" in shown.splitlines()


@given(
    st.lists(st.text(max_size=90), max_size=60).map("\n".join),
    st.dictionaries(st.sampled_from(["a", "heron", "0"]), st.floats(0, 9)),
    st.integers(40, 2000),
)
def test_telling_lines_are_of_the_text_and_fit(
    text: str, terms: Mapping[str, float], room: int
) -> None:
    shown = telling_lines(text, terms, room)
    assert len(shown) <= room
    if len(text) > room:
        lines = [line[: room // 4] for line in text.splitlines()]
        assert set(shown.split("\n")) <= {*lines, "…", ""}
