"""Terms are weighed by where they stand, and passages ranked by the terms that they have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.sessions.recall.ranking import (
    fuse_rankings,
    inverse_frequency,
    rank_by_terms,
    weigh_terms,
    word_confidence,
)
from support.passage_memory import SCOPE, PassageMemory


def test_what_is_asked_is_worth_more_than_what_stands_around_it() -> None:
    weights = weigh_terms(Question("heron", "kestrel", "stork", "crane"))
    assert sorted(weights, key=lambda term: -weights[term]) == [
        "heron",
        "stork",
        "crane",
        "kestrel",
    ]
    assert all(worth > 0 for worth in weights.values())


def test_a_term_is_worth_what_its_best_place_says() -> None:
    assert weigh_terms(Question("heron", "heron", "heron")) == weigh_terms(Question("heron"))
    assert weigh_terms(Question("", "heron", "heron")) == weigh_terms(Question(step="heron"))


def test_an_identifier_is_worth_more_as_a_phrase_than_its_parts() -> None:
    weights = weigh_terms(Question("heron parseNest"))
    assert weights["parse nest"] > weights["heron"] > weights["parse"] == weights["nest"] > 0


def test_words_that_tell_nothing_are_not_searched() -> None:
    assert weigh_terms(Question("What was the one that we have? Und was war das?")) == {}
    assert weigh_terms(Question()) == {}


def test_german_is_also_searched_in_english() -> None:
    german = weigh_terms(Question("Wie heißt die Datei mit der Fehlermeldung?"))
    assert german["datei"] > german["file"] > 0
    assert {"error", "message", "fehlermeldung"} <= set(german)
    assert "file" not in weigh_terms(Question("Datei Fehlermeldung"))  # no German sentence


def test_the_first_of_many_terms_are_searched() -> None:
    many = " ".join(f"heron{'x' * number}" for number in range(300))
    terms = list(weigh_terms(Question(many)))
    assert terms == [f"heron{'x' * number}" for number in range(len(terms))]
    assert len(terms) < 100


def memory(*texts: str) -> PassageMemory:
    return PassageMemory(Passage(number, 1, "", text) for number, text in enumerate(texts))


@pytest.mark.parametrize(
    ("texts", "terms", "ranked"),
    [
        (["heron", "stork"], {"heron": 1.0}, [0]),
        (["heron", "heron stork"], {"heron": 1.0, "stork": 1.0}, [1, 0]),
        (["heron", "stork"], {"heron": 1.0, "stork": 2.0}, [1, 0]),
        (["heron"] * 3 + ["stork"], {"heron": 1.0, "stork": 1.0}, [3, 2, 1, 0]),  # rare tells more
        (["heron"] * 3, {"heron": 1.0}, [2, 1, 0]),  # the newest of equal ones
        (["heron " * 50, "heron stork"], {"heron": 1.0, "stork": 0.1}, [1, 0]),  # not how often
        (["parse the nest", "parse nest"], {"parse nest": 1.0}, [1]),
        (["heron"], {"crane": 1.0}, []),
        ([], {"crane": 1.0}, []),
        (["heron"], {}, []),
    ],
)
def test_passages_are_ranked_by_the_terms_that_they_have(
    texts: list[str], terms: dict[str, float], ranked: list[int]
) -> None:
    scores = rank_by_terms(memory(*texts), SCOPE, terms)
    assert list(scores) == ranked
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_a_term_that_nearly_all_have_tells_nothing() -> None:
    index = memory(*["heron"] * 900, *["stork"] * 99, "heron crane")
    assert len(rank_by_terms(index, SCOPE, {"heron": 1.0, "stork": 1.0})) == 99
    assert list(rank_by_terms(index, SCOPE, {"heron": 1.0, "crane": 1.0})) == [999]


def test_of_few_passages_all_may_have_a_term() -> None:
    assert len(rank_by_terms(memory(*["heron"] * 20), SCOPE, {"heron": 1.0})) == 20


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_rarer_a_term_the_more_it_tells(matches: int, count: int) -> None:
    assert inverse_frequency(matches, count) > 0
    assert inverse_frequency(matches, count) > inverse_frequency(matches + 1, count)


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


def test_a_ranking_with_more_weight_goes_first() -> None:
    assert fuse_rankings(([1, 2], [3, 4]), 60, (1.0, 2.0)) == [3, 4, 1, 2]


@pytest.mark.parametrize(
    ("scores", "confidence"),
    [({}, 0.0), ({1: 0.0}, 0.0), ({1: 100.0}, 1.0), ({1: 2.0, 2: 1.0}, 0.5)],
)
def test_words_are_trusted_as_far_as_they_match(
    scores: dict[int, float], confidence: float
) -> None:
    rare = inverse_frequency(1, 1000)
    scored = {number: score * rare / 4 for number, score in scores.items()}
    assert word_confidence(scored, {"heron": 1.0, "stork": 1.0}, 1000) == pytest.approx(confidence)
    assert word_confidence(scored, {}, 1000) == 0.0


@given(st.lists(st.lists(st.integers(0, 30), unique=True), max_size=3))
def test_joining_loses_nothing_and_keeps_the_order_of_one(rankings: list[list[int]]) -> None:
    joined = fuse_rankings(rankings, 60)
    assert sorted(joined) == sorted(set().union(*rankings))
    for ranking in rankings:
        assert fuse_rankings([ranking], 60) == ranking


@pytest.mark.parametrize(
    ("asked", "written"),
    [("RabbitMQ", "rabbitmq"), ("rabbitmq", "RabbitMQ"), ("read_config", "readconfig")],
)
def test_a_compound_is_found_however_it_is_joined(asked: str, written: str) -> None:
    passages = [Passage(at, 1, "", f"heron {at}") for at in range(9)]
    index = PassageMemory([*passages, Passage(9, 1, "", f"why {written} is used")])
    assert list(rank_by_terms(index, SCOPE, weigh_terms(Question(asked)))) == [9]


def test_a_hint_is_searched_too() -> None:
    weights = weigh_terms(Question("heron"), {"traceback": 0.5, "heron": 0.1})
    assert weights == {"traceback": 0.5, "heron": 1.0}
