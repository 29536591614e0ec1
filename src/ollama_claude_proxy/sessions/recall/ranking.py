"""How passages are ranked by their words: rare words of the question count more than common ones.

Passages have about the same length, so that it does not matter how often a word stands in one: a
passage scores for each term that it has as much as the term tells (its inverse document frequency),
times what the term is worth in the question. What the user asks counts more than what is pasted.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from ollama_claude_proxy.sessions.recall.german import translate
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.sessions.recall.search_scope import PassageIndex, SearchScope
from ollama_claude_proxy.sessions.recall.search_terms import (
    compound_forms,
    query_terms,
    split_terms,
)
from ollama_claude_proxy.sessions.recall.stop_words import is_german

# What terms are worth by where they stand, and how many of each are searched.
_WORDS = (1.0, 40)
_STEP = (0.8, 24)
_CONTEXT = (0.4, 12)
_PASTED = (0.15, 12)
_TRANSLATED_WORTH = 0.7
_NO_HINTS: Mapping[str, float] = {}
# An identifier as a phrase is worth more than its parts.
_PHRASE_WORTH, _PART_WORTH = 2.5, 0.6
# What a passage gains from the one beside it.
_NEAR_WORTH = 0.35
# A term that stands in a quarter of all passages tells nothing, where there are many.
_COMMON_DIVISOR = 4
_MIN_COMMON = 60


def weigh_terms(question: Question, hints: Mapping[str, float] = _NO_HINTS) -> dict[str, float]:
    """Return what to search for, with what each term is worth; `hints` are further terms."""
    weights: dict[str, float] = {}
    for text, (worth, count) in (
        (question.words, _WORDS),
        (question.step, _STEP),
        (question.context, _CONTEXT),
        (question.pasted, _PASTED),
    ):
        for term, share in list(_terms(text))[:count]:
            weights[term] = max(weights.get(term, 0.0), worth * share)
    return dict(hints) | weights


def rank_by_terms(
    index: PassageIndex, scope: SearchScope, terms: Mapping[str, float]
) -> dict[int, float]:
    """Return the score of each passage that has any of the terms, the best first."""
    count = index.count(scope)
    most = max(count // _COMMON_DIVISOR, _MIN_COMMON)
    joined = {term.replace(" ", "") for term in terms if " " in term}
    scores: dict[int, float] = {}
    for term, worth in terms.items():
        matches = index.with_term(term, scope, most + 1)
        if not matches and " " not in term and term not in joined:
            matches = _in_two_parts(index, scope, term, most + 1)
        if len(matches) <= most:
            value = worth * inverse_frequency(len(matches), count)
            for number in matches:
                scores[number] = scores.get(number, 0.0) + value
    near = {number: score + _near_score(scores, number) for number, score in scores.items()}
    ranked = sorted(near, key=lambda number: (-near[number], -number))
    return {number: near[number] for number in ranked}


def _in_two_parts(index: PassageIndex, scope: SearchScope, term: str, count: int) -> Sequence[int]:
    """Return passages with a word that is nowhere as it is asked for, but in two parts."""
    written = (index.with_term(form, scope, count) for form in compound_forms(term))
    return next(filter(None, written), ())


def _near_score(scores: Mapping[int, float], number: int) -> float:
    """Return what a passage gains from those beside it, where the text goes on."""
    return _NEAR_WORTH * max(scores.get(number - 1, 0.0), scores.get(number + 1, 0.0))


def inverse_frequency(matches: int, count: int) -> float:
    """Return how much a term tells that so many of all passages have."""
    return math.log(1 + (max(count - matches, 0) + 0.5) / (matches + 0.5))


def word_confidence(scores: Mapping[int, float], terms: Mapping[str, float], count: int) -> float:
    """Return how well the best passage matches a question by its words, from 0 to 1.

    1 is a passage of `count` that has half of what rare terms of that worth could score.
    """
    most = sum(terms.values()) * inverse_frequency(1, count)
    return min(2 * max(scores.values(), default=0.0) / most, 1.0) if most else 0.0


def fuse_rankings(
    rankings: Sequence[Sequence[int]], fusion: int, weights: Sequence[float] = ()
) -> list[int]:
    """Join rankings by their places: what either ranks first comes first.

    That is reciprocal rank fusion; a ranking without a weight has 1.
    """
    scores: dict[int, float] = {}
    for place, ranking in enumerate(rankings):
        weight = weights[place] if place < len(weights) else 1.0
        for rank, number in enumerate(ranking):
            scores[number] = scores.get(number, 0.0) + weight / (fusion + rank)
    return sorted(scores, key=lambda number: -scores[number])


def _terms(text: str) -> Iterator[tuple[str, float]]:
    """Yield the terms of a text, and what each is worth there."""
    terms = query_terms(text)
    parts = {part for term in terms if " " in term for part in term.split()}
    for term in terms:
        if " " in term:
            yield term, _PHRASE_WORTH
        else:
            yield term, _PART_WORTH if term in parts else 1.0
    if is_german(split_terms(text)):
        for term in terms:
            for word in translate(term):
                yield word, _TRANSLATED_WORTH
