"""Which passages are shown again, of what an index finds."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.retrieval import (
    PassageQuery,
    QueryVector,
    RetrievalBudget,
    SearchScope,
    find_passages,
    fuse_rankings,
    newer_versions_first,
    take_fitting,
)

SCOPE = SearchScope(messages=frozenset({1}), root=1, roots=frozenset({1}))
VECTOR = QueryVector("model", (1.0,))
PLENTY = 10_000


class MemoryIndex:
    """An index of passages by number; `scores` are BM25's, of which the lowest is the best.

    `asked` are the terms, `limits` how many matches were wanted.
    """

    def __init__(
        self,
        passages: Mapping[int, Passage],
        scores: Mapping[int, float],
        nearest: Sequence[int] = (),
    ) -> None:
        self._passages = passages
        self._scores = scores
        self._nearest = nearest
        self.asked: list[str] = []
        self.limits: list[int] = []

    def scope(self, key: str, *, project: bool) -> SearchScope | None:
        return SCOPE if key and not project else None

    def match_terms(
        self, terms: Sequence[str], scope: SearchScope, max_matches: int
    ) -> Mapping[int, float]:
        assert scope is SCOPE
        self.asked = list(terms)
        self.limits.append(max_matches)
        ranked = sorted(self._scores, key=lambda number: self._scores[number])
        return {number: self._scores[number] for number in ranked[:max_matches]}

    def nearest(self, query: QueryVector, scope: SearchScope, max_matches: int) -> list[int]:
        assert (query, scope) == (VECTOR, SCOPE)
        self.limits.append(max_matches)
        return list(self._nearest[:max_matches])

    def load(self, number: int, scope: SearchScope) -> Passage | None:
        assert scope is SCOPE
        return self._passages.get(number)


def passage(number: int, text: str = "", **more: Any) -> Passage:
    return Passage(number, number, more.pop("source", ""), text or f"text {number}", **more)


def passages(*numbers: int) -> dict[int, Passage]:
    return {number: passage(number) for number in numbers}


def query(request: str = "words", **more: Any) -> PassageQuery:
    fields: dict[str, Any] = {"prompt": "", "max_characters": PLENTY}
    return PassageQuery(request, **(fields | more))


def found(index: MemoryIndex, wanted: PassageQuery, **budget: Any) -> list[int]:
    """Return the numbers of what is found."""
    return [one.message for one in find_passages(index, SCOPE, wanted, RetrievalBudget(**budget))]


@pytest.mark.parametrize(
    ("rankings", "joined"),
    [
        (([], []), []),
        (([3, 1, 2], []), [3, 1, 2]),
        (([3, 1, 2], [3, 1, 2]), [3, 1, 2]),
        (([1, 2], [3, 4]), [1, 3, 2, 4]),  # equal places: the first ranking goes first
        (([1, 2, 3], [3]), [3, 1, 2]),  # a place in both goes before the first of one
        (([1, 2, 3, 4], [4, 3, 2, 1]), [1, 4, 2, 3]),
        (([1, *range(10, 90), 2], [2]), [2, 1, *range(10, 90)]),
    ],
)
def test_rankings_are_joined_by_their_places(
    rankings: tuple[list[int], list[int]], joined: list[int]
) -> None:
    assert fuse_rankings(rankings, 60) == joined


def test_a_small_fusion_favours_the_first_places() -> None:
    rankings = ([1, 2, 3], [4, 5, 3])
    assert fuse_rankings(rankings, 60) == [3, 1, 4, 2, 5]
    assert fuse_rankings(rankings, 1) == [1, 4, 3, 2, 5]


@given(st.lists(st.lists(st.integers(0, 30), unique=True), max_size=3))
def test_joining_loses_nothing_and_keeps_the_order_of_one(rankings: list[list[int]]) -> None:
    joined = fuse_rankings(rankings, 60)
    assert sorted(joined) == sorted(set().union(*rankings))
    for ranking in rankings:
        assert fuse_rankings([ranking], 60) == ranking


LINES = [f"line {number}" for number in range(10)]


def version(number: int, first: int, last: int, source: str = "Read /a.py") -> Passage:
    """Return a version of a piece of a file with some of the lines."""
    return passage(number, "\n".join(LINES[first:last]), source=source)


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
    ranked = [passage(at, str(at) * size) for at, size in enumerate(sizes, 1)]
    assert [one.message for one in take_fitting(ranked, room)] == taken


def test_a_text_is_taken_once_whatever_surrounds_it() -> None:
    ranked = [passage(1, "one\n"), passage(2, " one"), passage(3, "two")]
    assert [one.message for one in take_fitting(ranked, 6)] == [1, 3]


@given(st.lists(st.text("ab \n", max_size=20)), st.integers(0, 100))
def test_what_is_taken_fits(texts: list[str], room: int) -> None:
    taken = list(take_fitting([passage(at, text) for at, text in enumerate(texts)], room))
    assert sum(len(one.text.strip()) for one in taken) <= room
    assert len({one.text.strip() for one in taken}) == len(taken)


def test_what_is_found_stands_in_the_order_of_the_conversation() -> None:
    index = MemoryIndex(passages(1, 2, 3), {3: -9.0, 1: -8.0, 2: -7.0})
    assert found(index, query()) == [1, 2, 3]


def test_what_others_said_stands_first() -> None:
    foreign = {4: passage(4, is_foreign=True), 3: passage(3, is_foreign=True)}
    index = MemoryIndex(passages(1, 2) | foreign, {1: -9.0, 4: -8.0, 2: -7.0, 3: -6.0})
    assert found(index, query()) == [3, 4, 1, 2]


def test_where_room_is_short_the_best_are_shown() -> None:
    index = MemoryIndex(passages(1, 2, 3), {3: -9.0, 1: -8.0, 2: -7.0})
    assert found(index, query(max_characters=2 * len("text 1"))) == [1, 3]
    assert found(index, query(max_characters=len("text 1") - 1)) == []


def test_what_the_prompt_shows_is_not_shown_again() -> None:
    shown = {2: passage(2, "\n  text 2  \n")}
    index = MemoryIndex(passages(1, 3) | shown, {1: -9.0, 2: -8.0, 3: -7.0})
    assert found(index, query(prompt="before text 2 behind")) == [1, 3]
    assert found(index, query(prompt="before text 3")) == [1, 2]


def test_what_is_not_within_the_scope_is_not_shown() -> None:
    assert found(MemoryIndex(passages(1, 3), {1: -9.0, 2: -8.0, 3: -7.0}), query()) == [1, 3]


@pytest.mark.parametrize(
    ("scores", "numbers"),
    [
        ({1: -10.0, 2: -3.0}, [1, 2]),
        ({1: -10.0, 2: -2.9}, [1]),
        ({1: -10.0, 2: -5.0, 3: -1.0}, [1, 2]),
        ({1: -0.1, 2: -0.01}, [1]),
        ({1: 0.0, 2: 0.0}, [1, 2]),
    ],
)
def test_what_matches_much_worse_than_the_best_is_left_out(
    scores: dict[int, float], numbers: list[int]
) -> None:
    assert found(MemoryIndex(passages(1, 2, 3), scores), query()) == numbers


def test_the_best_is_the_best_of_what_is_not_shown() -> None:
    index = MemoryIndex(passages(1, 2, 3), {1: -100.0, 2: -10.0, 3: -4.0})
    assert found(index, query()) == [1]
    assert found(index, query(prompt="text 1")) == [2, 3]


def test_what_is_near_in_meaning_need_not_match_in_words() -> None:
    index = MemoryIndex(passages(1, 2, 3), {1: -10.0, 2: -1.0}, nearest=[3, 2])
    assert found(index, query()) == [1]
    assert found(index, query(vector=VECTOR)) == [1, 2, 3]


def test_what_both_find_goes_before_what_one_finds() -> None:
    index = MemoryIndex(passages(1, 2, 3), {1: -10.0, 2: -9.0}, nearest=[3, 2])
    room = len("text 1")
    assert found(index, query(vector=VECTOR, max_characters=room)) == [2]
    assert found(index, query(vector=VECTOR, max_characters=2 * room)) == [1, 2]


def test_meaning_alone_is_enough() -> None:
    index = MemoryIndex(passages(1, 2), {1: -10.0}, nearest=[2])
    assert found(index, query("...", vector=VECTOR)) == [2]
    assert found(index, query("...")) == []
    assert index.asked == []


def test_the_newer_version_is_shown_where_both_do_not_fit() -> None:
    old, new = version(1, 0, 4), version(2, 1, 5)
    index = MemoryIndex({1: old, 2: new}, {1: -10.0, 2: -9.0})
    assert found(index, query(max_characters=len(new.text))) == [2]


def test_the_last_terms_are_searched_and_the_best_matches_looked_at() -> None:
    index = MemoryIndex(passages(1, 2, 3), {1: -10.0, 2: -9.0, 3: -8.0}, nearest=[3, 2, 1])
    request = query("alpha beta gamma", vector=VECTOR)
    assert found(index, request, max_terms=2, max_matches=1, max_nearest=2) == [1, 2, 3]
    assert index.asked == ["beta", "gamma"]
    assert index.limits == [1, 2]
    many = [f"word{'x' * number}" for number in range(60)]
    assert found(index, query(" ".join(many), vector=VECTOR)) == [1, 2, 3]
    assert index.asked == many[-48:]
    assert index.limits[2:] == [80, 20]


def test_all_roots_are_in_order_and_each_once() -> None:
    scope = SearchScope(
        messages=frozenset(), root=5, roots=frozenset({5, 3}), foreign_roots=frozenset({9, 1, 3})
    )
    assert scope.all_roots == [1, 3, 5, 9]
