"""Texts that count things, and texts that speak of two."""

import pytest

from ollama_claude_proxy.sessions.recall.enumerations import (
    count_items,
    find_enumerations,
    find_pairs,
)
from ollama_claude_proxy.sessions.recall.intents import read_ordinals
from ollama_claude_proxy.sessions.recall.passages import Passage


def passages(*texts: str) -> list[Passage]:
    return [Passage(number, number, "", text) for number, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Done.", 0),
        ("1. Cache it.\n2. Batch it.\n3. Drop it.", 3),
        ("1) Cache it.\n2) Batch it.", 2),
        ("(a) Cache it.\n(b) Batch it.", 2),
        ("1 \u2013 Cache it.\n2 \u2013 Batch it.", 2),
        ("Option A: cache.\nOption B: batch.", 2),
        ("**Option 1**: cache.\n\n**Option 2**: batch.\n\n**Option 3**: drop.", 3),
        ("## Approach one\nCache.\n## Approach two\nBatch.", 2),
        ("> Step 1: stop it.\n> Step 2: start it.", 2),
        ("- cache\n- batch\n- drop\n- wait", 4),
        ("  * cache\n  * batch", 2),
        ("• cache\n• batch", 2),
        ("Variante A: cachen.\nVariante B: stapeln.", 2),
        ("Möglichkeit 1: cachen.\nMöglichkeit 2: stapeln.", 2),
        ("Version 1. It is old.", 0),
        ("It took 3. Then 4.", 0),
        ("---", 0),
        ("-5\n-6", 0),
    ],
)
def test_items_are_counted(text: str, count: int) -> None:
    assert count_items(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "First, we could cache it. Second, we could batch it.",
        "One way is a cache. Another way is a batch.",
        "We could cache it. Alternatively we batch it. On the other hand, we could drop it.",
        "Either a cache or, and that is the other option, a batch.",
        "Erstens ein Cache, zweitens ein Stapel.",
        "Entweder ein Cache, alternativ ein Stapel.",
    ],
)
def test_spoken_items_are_counted_too(text: str) -> None:
    assert count_items(text) >= 2


@pytest.mark.parametrize("text", ["First, I read it.", "Firstborn and secondary.", "Finally!"])
def test_a_single_spoken_word_counts_nothing(text: str) -> None:
    assert count_items(text) == 0


CACHE = "1. Use a cache.\n2. Use a batch."
LOCKS = "Option A: one lock.\nOption B: two locks.\nOption C: none."
BULLETS = "- the retries\n- the cache\n- the locks"


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("the second option", [2, 1, 3]),  # named and numbered; then numbered
        ("the third option", [2, 3]),
        ("the fourth one", []),
        ("the last one", [2, 1, 3]),
        ("the second one for the cache", [1, 3, 2]),
        ("the first of the retries", [3, 2, 1]),
        ("what about them", [2, 1, 3]),
    ],
)
def test_enumerations_that_fit_the_question_come_first(question: str, found: list[int]) -> None:
    statements = passages(CACHE, LOCKS, BULLETS, "Done.")
    ranked = find_enumerations(statements, read_ordinals(question), question, 9)
    assert [one.message for one in ranked][: len(found)] == found if found else not ranked
    assert ranked[:1] == find_enumerations(statements, read_ordinals(question), question, 1)


def test_of_like_enumerations_the_newest_comes_first() -> None:
    ranked = find_enumerations(passages(CACHE, CACHE, CACHE), read_ordinals("option 2"), "", 2)
    assert [one.message for one in ranked] == [3, 2]


def test_the_ending_of_a_noun_does_not_matter() -> None:
    statements = passages("1. idea\n2. ideas", "- plan x\n- plan y")
    question = "the second of the plans"
    ranked = find_enumerations(statements, read_ordinals(question), question, 1)
    assert [one.message for one in ranked] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "There are two modules.",
        "Both are slow.",
        "Neither works.",
        "The other follows.",
        "Change `reader` and `writer`.",
        "Change `reader`, or the `writer`.",
        "It is in src/reader.py and src/writer.py.",
        "Es sind zwei Module.",
        "Beiden fehlt etwas.",
        "Das ist in leser.py und schreiber.py.",
    ],
)
def test_what_speaks_of_two_things_is_a_pair(text: str) -> None:
    assert find_pairs(passages(text), 1) == passages(text)


@pytest.mark.parametrize(
    "text",
    ["Done.", "`one`", "reader.py", "a and b", "The tower twines.", "`a`\n`b`", "No. And so"],
)
def test_what_speaks_of_one_is_not(text: str) -> None:
    assert find_pairs(passages(text), 1) == []


def test_the_newest_pairs_are_found() -> None:
    texts = passages("both", "one", "two", "neither")
    assert [one.message for one in find_pairs(texts[::-1], 2)] == [4, 3]
