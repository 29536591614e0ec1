"""Things said in an order, or in pairs: what "the second approach" and "the other one" mean."""

import re
from collections.abc import Iterable, Sequence

from ollama_claude_proxy.sessions.recall.earlier_turns import RequestOf
from ollama_claude_proxy.sessions.recall.intents import Ordinal
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.sessions.recall.search_terms import query_terms, stem
from ollama_claude_proxy.sessions.recall.word_worth import word_worth

_ITEM = re.compile(
    r"^[ \t>*_#(-]*(?:(?:option|approach|step|variant|plan|idea|alternative|way|possibility"
    r"|solution|möglichkeit|variante|ansatz|schritt|lösung)\W{1,3}"
    r"(?:[1-9a-e]|one|two|three|i{1,3})\b|(?:[1-9]|[a-e])[.):]|[1-9][ \t][-\u2013\u2014])",
    re.IGNORECASE | re.MULTILINE,
)
_BULLET = re.compile(r"^[ \t]*[-*•]\s+\S", re.MULTILINE)
_SPOKEN = any_phrase(r"""
    first(?:ly)? | second(?:ly)? | third(?:ly)? | finally | alternatively | on the other hand
    another (?:option|way|approach|idea) | the other (?:option|way|approach|idea) | or we could
    either | one (?:way|option) | erstens | zweitens | drittens | alternativ | entweder | die andere
""")
_PAIR = any_phrase(r"""
    two | both | either | neither | pair | twin | the other | counterpart | respectively | zwei
    beide[nrs]? | andere[nrs]? | `[^`\n]+`,? (?:and|or|und|oder) (?:the )?`[^`\n]+`
    \w{1,99}\.\w{1,5} (?:and|or|und|oder) \S{1,99}\.\w{1,5}
""")
_MIN_SPOKEN = 2
_SHARED_WORTH = 3.0


def find_enumerations(
    statements: Sequence[Passage],
    ordinals: Sequence[Ordinal],
    words: str,
    max_count: int,
    request_of: RequestOf = lambda _: "",
) -> list[Passage]:
    """Return the texts with so many items, best first, that ordinals of a question may count in.

    Those that share words with the question, themselves or in the request that they answer, come
    first, then those that name what is counted, of equal ones the newest.
    """
    place = max((ordinal.place for ordinal in ordinals), default=1)
    nouns = frozenset(ordinal.noun for ordinal in ordinals if ordinal.noun)
    counting = [one for one in statements if count_items(one.text) >= max(place, 2)]
    shared = word_worth(
        [f"{request_of(passage.message)}\n{passage.text}" for passage in counting],
        " ".join(term for term in query_terms(words) if term not in nouns and not term.isdigit()),
    )
    scores = [
        _SHARED_WORTH * worth + _fitness(passage.text, nouns)
        for worth, passage in zip(shared, counting, strict=True)
    ]
    best = sorted(range(len(counting)), key=lambda at: (-scores[at], -counting[at].message))
    return [counting[at] for at in best[:max_count]]


def find_pairs(texts: Iterable[Passage], max_count: int) -> list[Passage]:
    """Return the newest texts that speak of two things."""
    paired = [passage for passage in texts if _PAIR.search(passage.text)]
    return sorted(paired, key=lambda passage: -passage.message)[:max_count]


def count_items(text: str) -> int:
    """Return how many items a text counts, at most."""
    spoken = len(_SPOKEN.findall(text))
    return max(
        len(_ITEM.findall(text)),
        len(_BULLET.findall(text)),
        spoken + 1 if spoken >= _MIN_SPOKEN else 0,
    )


def _fitness(text: str, nouns: frozenset[str]) -> float:
    """Return how well a text fits what is counted: it names it, and numbers it."""
    lower = text.lower()
    named = any(stem(noun) in lower for noun in nouns)
    return 2.0 * named + 1.0 * (len(_ITEM.findall(text)) > 1)
