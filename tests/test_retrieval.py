"""Which stored passages are shown again, of what an index finds."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.sessions.recall.retrieval import (
    FoundPassages,
    PassageSearch,
    RetrievalLimits,
    newer_versions_first,
    search_passages,
    take_fitting,
)
from ollama_claude_proxy.sessions.recall.search_scope import QueryVector, SearchScope
from support.passage_memory import SCOPE, PassageMemory

VECTOR = QueryVector("model", (1.0,))


def passage(number: int, text: str = "", **more: Any) -> Passage:
    return Passage(number, 1, more.pop("source", ""), text or f"text {number}", **more)


PLACE = passage(1, "x").shown_characters - 1
LINES = [f"line {number}" for number in range(10)]


def version(number: int, first: int, last: int, source: str = "Read /a.py") -> Passage:
    """Return a version of a piece of a file with some of the lines."""
    return Passage(number, 1, source, "\n".join(LINES[first:last]))


@pytest.mark.parametrize(
    ("ranked", "ordered"),
    [
        ([version(1, 0, 4), version(2, 0, 4)], [2, 1]),
        ([version(2, 0, 4), version(1, 0, 4)], [2, 1]),
        ([version(1, 0, 4), version(2, 2, 6)], [2, 1]),  # half of the lines
        ([version(1, 0, 4), version(2, 3, 7)], [1, 2]),  # a quarter of them
        ([version(1, 0, 10), version(2, 0, 2)], [2, 1]),  # all lines of the shorter one
        ([version(1, 0, 4), version(2, 0, 4, "Edit /a.py")], [2, 1]),  # another tool, the same file
        ([version(1, 0, 4), version(2, 0, 4, "Read /b.py")], [1, 2]),
        ([version(1, 0, 4, "Bash"), version(2, 0, 4, "Bash")], [1, 2]),  # no file at all
        ([version(1, 0, 4, ""), version(2, 0, 4, "")], [1, 2]),
        ([version(1, 0, 4), version(9, 5, 9, "Read /b.py"), version(2, 0, 4)], [2, 9, 1]),
        ([version(1, 0, 4), version(2, 2, 6), version(3, 4, 8)], [3, 2, 1]),  # each like the next
        ([version(number, 0, 4) for number in (2, 1, 4, 3)], [4, 3, 2, 1]),
    ],
)
def test_the_newer_of_two_versions_has_the_better_place(
    ranked: list[Passage], ordered: list[int]
) -> None:
    assert [one.message for one in newer_versions_first(ranked, 0.5)] == ordered


def test_how_many_lines_versions_share_is_a_parameter() -> None:
    ranked = [version(1, 0, 4), version(2, 3, 7)]
    assert [one.message for one in newer_versions_first(ranked, 0.25)] == [2, 1]


@pytest.mark.parametrize(
    ("sizes", "room", "taken"),
    [
        ([], 10, []),
        ([4, 5], 9, [1, 2]),
        ([4, 5], 8, [1]),
        ([9, 5, 3], 8, [2, 3]),  # what does not fit does not stop what does
        ([5, 9, 3], 8, [1, 3]),
        ([1], 0, []),
    ],
)
def test_the_first_that_fit_are_taken(sizes: list[int], room: int, taken: list[int]) -> None:
    """Sizes are hundreds of characters; each passage has its place before it, too."""
    ranked = [passage(at, str(at) * size * 100) for at, size in enumerate(sizes, 1)]
    characters = room * 100 + 2 * PLACE
    assert [one.message for one in take_fitting(ranked, characters)] == taken


def test_a_text_is_taken_once_whatever_surrounds_it() -> None:
    ranked = [passage(1, "one\n"), passage(2, " one"), passage(3, "two")]
    assert [one.message for one in take_fitting(ranked, 6 + 2 * PLACE)] == [1, 3]


@given(st.lists(st.text("ab \n", max_size=20)), st.integers(0, 100))
def test_what_is_taken_fits(texts: list[str], room: int) -> None:
    taken = list(take_fitting([passage(at, text) for at, text in enumerate(texts)], room))
    assert sum(len(one.text.strip()) for one in taken) <= room
    assert len({one.text.strip() for one in taken}) == len(taken)


def search(
    passages: Iterable[Passage],
    words: str,
    shown: str = "",
    near: list[int] | None = None,
    lost: frozenset[int] = frozenset(),
    **limits: Any,
) -> FoundPassages:
    """Search passages; without other limits, all that has any of the words is found."""
    index = PassageMemory(passages, near or (), lost)
    limits = {"min_score": 0.0, "min_score_share": 0.0} | limits
    vector = None if near is None else VECTOR
    wanted = PassageSearch(Question(words), shown, vector, RetrievalLimits(**limits))
    return search_passages(index, SCOPE, wanted)


def found(passages: Iterable[Passage], words: str, **more: Any) -> list[int]:
    """Return the numbers of what is found."""
    return [one.message for one in search(passages, words, **more).passages]


BIRDS = (
    passage(0, "the heron nests"),
    passage(1, "the stork nests"),
    passage(2, "heron and stork and crane"),
    passage(3, "nothing of that"),
)


def test_the_best_match_comes_first() -> None:
    assert found(BIRDS, "heron stork crane") == [2, 1, 0]
    assert found(BIRDS, "kestrel") == []
    assert found(BIRDS, "what was that") == []


def test_the_terms_that_were_searched_are_told() -> None:
    assert list(search(BIRDS, "the heron or kestrel").terms) == ["heron", "kestrel"]


def test_what_the_prompt_shows_is_not_found() -> None:
    shown = "before the heron nests behind"
    assert found(BIRDS, "heron", shown=shown) == [2]
    assert found([passage(0, "\n heron \n")], "heron", shown="heron") == []
    assert found([passage(0, "heron")], "heron", shown="HERON") == [0]


def test_what_cannot_be_loaded_is_not_found() -> None:
    assert found(BIRDS, "heron", lost=frozenset({2})) == [0]
    assert set(found(BIRDS, "heron", near=[3, 1], lost=frozenset({3}))) == {0, 1, 2}


def test_what_only_says_that_something_was_written_is_not_found() -> None:
    receipt = passage(0, "The file heron.py has been updated.", source="Edit /heron.py")
    edit = passage(1, "Edit\nfile_path: /heron.py\nold_string: a", source="Edit /heron.py")
    read = passage(2, "heron = 1", source="Read /heron.py")
    assert sorted(found([receipt, edit, read], "heron")) == [1, 2]


def test_what_scores_much_less_than_the_best_is_left_out() -> None:
    scored = [*BIRDS, *(passage(number, "other") for number in range(10, 30))]
    assert found(scored, "heron stork crane", min_score_share=0.99) == [2]
    assert found(scored, "heron stork crane", min_score_share=0.1) == [2, 1, 0]
    assert found(scored, "heron stork crane", min_score=100.0) == []


def test_the_bar_is_that_of_the_best_that_is_not_shown() -> None:
    assert found(BIRDS, "heron stork crane", shown=BIRDS[2].text, min_score_share=0.5) == [1, 0]


def test_only_the_best_matches_are_looked_at() -> None:
    assert found(BIRDS, "heron stork crane", max_matches=1) == [2]
    assert found(BIRDS, "kestrel", near=[3, 0, 1], max_nearest=2) == [3, 0]


def test_what_is_near_in_meaning_need_not_match_in_words() -> None:
    assert found(BIRDS, "kestrel", near=[3]) == [3]
    assert found(BIRDS, "heron stork crane", near=[3], min_score=100.0) == [3]
    assert set(found(BIRDS, "heron stork crane", near=[3])) == {0, 1, 2, 3}


def test_what_both_find_goes_before_what_one_finds() -> None:
    assert found(BIRDS, "heron stork crane", near=[0, 3])[0] == 0


ASKED = passage(5, "Where does the heron nest?", is_request=True)


def test_where_the_user_asked_the_same_is_an_echo_and_comes_last() -> None:
    answer = passage(6, "The heron lives in the reeds.")
    result = search([ASKED, answer], "Where does the heron nest?", echo_share=0.6)
    assert list(result.passages) == [answer, ASKED]


@pytest.mark.parametrize(
    "other",
    [
        passage(5, "Where does the heron nest?"),  # not the user's
        passage(5, "The heron nests where it does.", is_request=True),  # no question
        passage(5, "And the heron?", is_request=True),  # other words
    ],
)
def test_what_does_not_ask_the_same_is_no_echo(other: Passage) -> None:
    answer = passage(6, "The heron lives in the reeds.")
    assert 5 not in found([other, answer], "Where does the heron nest?", min_score=100.0)
    assert 5 in found([ASKED, answer], "Where does the heron nest?", min_score=100.0)


def test_what_the_user_asked_is_told_also_where_the_prompt_shows_it() -> None:
    asked = [passage(number, "The heron?", is_request=True) for number in (1, 2, 3)]
    said = passage(4, "heron nests")
    shown = search([*asked, said], "heron", shown="The heron?", said_worth=1.0, max_asked=9)
    assert [one.message for one in shown.asked] == [3, 2, 1]  # the newest of equal ones first
    assert [one.message for one in shown.passages] == [4]
    few = search([*asked, said], "heron", said_worth=1.0, max_asked=2)
    assert [one.message for one in few.asked] == [3, 2]


def test_what_was_said_is_worth_more_than_what_a_tool_gave() -> None:
    result = passage(2, "heron", source="Bash ls")
    said = passage(1, "heron")
    assert found([said, result], "heron", said_worth=1.5) == [1, 2]
    assert found([said, result], "heron", said_worth=1.0) == [2, 1]


def test_an_echo_does_not_raise_the_bar() -> None:
    answer = passage(6, "The heron lives in the reeds.")
    others = [passage(number, "other") for number in range(10, 40)]
    question = "Where does the grey heron nest in spring?"
    echo = passage(5, question, is_request=True)
    assert 6 in found([echo, answer, *others], question, min_score_share=0.9)


def test_a_long_result_leaves_room_for_others() -> None:
    rows = [passage(1, f"heron stork {number}") for number in range(6)]
    note = passage(2, "heron")
    result = search([*rows, note], "heron stork", max_of_message=2)
    assert [one.message for one in result.passages] == [1, 1, 2, 1, 1, 1, 1]


OLD = passage(1, "heron = 1\nstork = 2\ncrane = 3", source="Read /a.py")
NEW = passage(2, "heron = 1\nstork = 2\nibis = 4", source="Read /a.py")
EDITED = passage(2, NEW.text, source="Bash sed /a.py")


def test_what_was_read_anew_is_found_as_it_was_read_last() -> None:
    assert found([OLD, NEW], "heron stork crane", version_share=0.5) == [2]
    assert found([NEW, OLD], "heron stork crane", version_share=0.5) == [2]
    assert found([OLD, NEW], "heron stork crane", version_share=0.9) == [1, 2]
    assert found([OLD, EDITED], "heron stork crane", version_share=0.5) == [1, 2]


def test_where_old_versions_are_kept_the_newer_comes_first() -> None:
    versions = {"version_share": 0.5, "keeps_old_versions": True}
    assert found([OLD, NEW], "heron stork crane", **versions) == [2, 1]


def test_all_roots_are_in_order_and_each_once() -> None:
    scope = SearchScope(
        messages=(7, 9), root=5, roots=frozenset({5, 3}), foreign_roots=frozenset({9, 1, 3})
    )
    assert scope.all_roots == [1, 3, 5, 9]
    assert scope.places == {7: 0, 9: 1}
