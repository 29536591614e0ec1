"""How much texts share with a question: a word that few of them have counts more than a common one.

It is for lists that are made anew for a question, and are in no index.
"""

from collections.abc import Sequence
from itertools import compress

from ollama_claude_proxy.sessions.recall.ranking import inverse_frequency
from ollama_claude_proxy.sessions.recall.search_terms import query_terms, split_terms, stem


def word_worth(texts: Sequence[str], words: str) -> list[float]:
    """Return for each text what it shares with a question; 0 where it shares nothing."""
    worth = [0.0] * len(texts)
    stems = [frozenset(map(stem, split_terms(text))) for text in texts]
    for wanted in _stems(words):
        has = [wanted in of_text for of_text in stems]
        count = sum(has)
        value = inverse_frequency(count, len(texts))
        for place in compress(range(len(texts)), has):
            worth[place] += value
    return worth


def _stems(words: str) -> dict[str, None]:
    terms = (term for term in query_terms(words) if " " not in term and len(term) > 1)
    return dict.fromkeys(map(stem, terms))
