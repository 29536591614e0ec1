"""Things said in an order, or in pairs: what "the second approach" and "the other one" mean."""

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ollama_claude_proxy.sessions.recall.intents import Ordinal
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.sessions.recall.search_terms import query_terms, stem

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

# Returns what the user asked before a message.
RequestOf = Callable[[int], str]


class _Scored(Struct, frozen=True):
    score: float
    passage: Passage


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
    terms = frozenset(query_terms(words)) - nouns
    scored = [
        _Scored(_likeness(passage.text, request_of(passage.message), nouns, terms), passage)
        for passage in statements
        if count_items(passage.text) >= max(place, 2)
    ]
    newest_first = sorted(scored, key=lambda one: (-one.score, -one.passage.message))
    return [one.passage for one in newest_first[:max_count]]


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


def _likeness(text: str, request: str, nouns: frozenset[str], terms: frozenset[str]) -> float:
    lower, asked = text.lower(), request.lower()
    named = any(stem(noun) in lower for noun in nouns)
    is_numbered = len(_ITEM.findall(text)) > 1
    stems = [stem(term) for term in terms if " " not in term]
    shared = sum(stem in lower or stem in asked for stem in stems)
    return 2.0 * shared + 2.0 * named + 1.0 * is_numbered
