"""Tokens are counted as the real tokenizer counts them.

`smollm2` in the data is what llama.cpp's own tokenizer counted of each text.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.translate.vocabulary.load import load_vocabulary
from ollama_claude_proxy.translate.vocabulary.vocabulary import Vocabulary
from ollama_claude_proxy.translate.vocabulary.words import word_splitter
from ollama_claude_proxy.wire.tokenizer import Tokenizer
from support.vocabularies import smollm2_model_info, smollm2_vocabulary

SAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "token_counts.jsonl").read_text().splitlines()
]
PRE_TOKENIZERS = [
    *("qwen2", "llama-bpe", "gpt-2", "gpt-4o", "tekken", "smollm", "default", "deepseek-v3"),
    *("deepseek-llm", "metaspace", "never heard of"),
]


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load the vocabularies, so that no example's time includes it."""
    smollm2_vocabulary()
    _merge_ranks()
    _sentencepiece()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["kind"])
def test_a_real_vocabulary_counts_what_the_real_tokenizer_counts(sample: dict[str, Any]) -> None:
    counted = smollm2_vocabulary().count(sample["text"])
    # Python's expressions have no Unicode categories: ½ and ① are taken for letters.
    assert abs(counted - sample["smollm2"]) <= (1 if sample["kind"] == "emoji" else 0)


def _merged(symbols: str, rank: Callable[[str, str], int | None]) -> list[str]:
    """Merge the best pair, the leftmost of equal ones, until none is left."""
    pieces = list(symbols)
    while True:
        ranks = [rank(left, right) for left, right in pairwise(pieces)]
        found = [known for known in ranks if known is not None]
        if not found:
            return pieces
        at = ranks.index(min(found))
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]


@cache
def _merge_ranks() -> Mapping[str, int]:
    merges: list[str] = smollm2_model_info()["tokenizer.ggml.merges"]
    return {merge: rank for rank, merge in enumerate(merges)}


@given(st.text(alphabet="abcdehinorstABC", min_size=1, max_size=60))
def test_words_are_merged_in_the_order_of_the_merges(word: str) -> None:
    pieces = _merged(word, lambda left, right: _merge_ranks().get(f"{left} {right}"))
    assert smollm2_vocabulary().count(word) == len(pieces)


LETTERS = "abcdehinorst "


@cache
def _sentencepiece() -> tuple[Vocabulary, Mapping[str, int]]:
    """Return pieces of SmolLM2 as a vocabulary of SentencePiece's kind, and their ranks.

    A piece that merging by scores does not lead to is left out: SentencePiece makes none.
    """
    tokens = smollm2_model_info()["tokenizer.ggml.tokens"]
    pieces = [token.replace("Ġ", "▁") for token in tokens if set(token) <= {"Ġ", *LETTERS}]
    ranks = {piece: rank for rank, piece in enumerate(pieces)}
    pieces = [piece for piece in pieces if _by_score(piece, ranks) == [piece]]
    vocabulary = load_vocabulary(
        Tokenizer(
            model="llama",
            tokens=pieces,
            scores=[-float(ranks[piece]) for piece in pieces],
            token_type=[1] * len(pieces),
        )
    )
    assert vocabulary is not None
    return vocabulary, {piece: ranks[piece] for piece in pieces}


def _by_score(spelled: str, ranks: Mapping[str, int]) -> list[str]:
    return _merged(spelled, lambda left, right: ranks.get(left + right))


@given(st.text(alphabet=LETTERS + "  ", max_size=60))
def test_pieces_with_scores_are_merged_across_the_whole_text(text: str) -> None:
    vocabulary, ranks = _sentencepiece()
    assert vocabulary.count(text) == len(_by_score(text.replace(" ", "▁"), ranks))


def test_a_character_that_is_no_piece_is_counted_by_its_bytes() -> None:
    vocabulary, _ = _sentencepiece()
    assert vocabulary.count("🎉") == 4
    assert vocabulary.count("the\n") == vocabulary.count("the") + 1


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
@given(text=st.text(alphabet=st.one_of(st.characters(), st.sampled_from("aB1 '\n\t中é_-"))))
def test_splitting_into_words_loses_nothing(name: str, text: str) -> None:
    assert "".join(word_splitter(name)(text)) == text


@given(st.text(), st.text())
def test_any_text_can_be_counted(text: str, more: str) -> None:
    count = smollm2_vocabulary().count
    assert count(text) <= len(text.encode("utf-8", "replace"))
    assert count(text + "\n\nx" + more) >= 0.5 * count(text)


@pytest.mark.parametrize("unit", ["x", "AbC9+/", "the same words again, and again. "])
def test_long_texts_and_runs_are_counted_in_good_time(unit: str) -> None:
    text = unit * (3_000_000 // len(unit))
    part = text[: len(text) // 100]
    count = smollm2_vocabulary().count
    assert count(text) == pytest.approx(100 * count(part), rel=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "bert"},
        {"model": ""},
        {"merges": None},
        {"merges": []},
        {"merges": ["no", "pairs", "", " ", "\udcff x"] * 100, "tokens": None},
        {"model": "llama", "scores": [1.0, 2.0]},
        {"model": "gemma4", "tokens": None},
    ],
    ids=str,
)
def test_a_vocabulary_that_makes_no_sense_is_none(change: dict[str, Any]) -> None:
    known: dict[str, Any] = {"model": "gpt2", "pre": "smollm", "merges": ["t h", "th e"]}
    assert load_vocabulary(Tokenizer(**(known | change))) is None
