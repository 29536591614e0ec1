"""The terms by which a text is found.

Code has its own words: `readConfigFile` and `read_config_file` are found whole and by each of their
parts.
"""

import re
from functools import lru_cache
from itertools import chain

from ollama_claude_proxy.sessions.recall.stop_words import STOP_WORDS

_WORDS = re.compile(r"[^\W\d]\w*|\d[\d.:]*\d|\d+")
_JOINED = re.compile(r"\w{1,60}(?:[-./:@]\w{1,60}){1,12}")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Chinese, Japanese and Korean are written without spaces: each character is a word.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_NON_ASCII = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_MAX_WORDS = 20_000
_MIN_PART = 2
_LINE_NUMBERS = re.compile(r"^\s*\d+[→\t]", re.MULTILINE)


def split_terms(text: str) -> list[str]:
    """Return the words of a text in lower case; a compound word is its parts, in order."""
    return list(chain.from_iterable(map(_parts, _WORDS.findall(text))))


@lru_cache(_MAX_WORDS)
def _parts(word: str) -> tuple[str, ...]:
    """Return the parts of a word in lower case; the words of a session repeat."""
    if not word.isascii():
        return tuple(part.lower() for part in _NON_ASCII.findall(word))
    if word.islower() and "_" not in word:
        return (word,)
    return tuple(part.lower() for part in _PARTS.findall(word))


def query_terms(text: str) -> list[str]:
    """Return what to search for: the words that tell one text from another, each once.

    A compound word is searched for as a phrase, by its parts and as one word: `readConfig`,
    `gw-10.internal`, `RabbitMQ`.
    """
    terms: dict[str, None] = {}
    for joined in _JOINED.findall(text):
        terms[" ".join(split_terms(joined))] = None
    for word in _WORDS.findall(text):
        parts = split_terms(word)
        terms[" ".join(parts)] = None
        terms |= dict.fromkeys((*parts, "".join(parts)))
    return [term for term in terms if term and term not in STOP_WORDS]


def compound_forms(word: str) -> list[str]:
    """Return the phrases of two parts that a word may be written as: `rabbitmq` as `RabbitMQ`."""
    if not word.isalpha() or not word.isascii():
        return []
    places = range(_MIN_PART, len(word) - _MIN_PART + 1)
    return [f"{word[:place]} {word[place:]}" for place in places]


def strip_line_numbers(text: str) -> str:
    """Remove the numbers that tools write before the lines of a file."""
    return _LINE_NUMBERS.sub("", text)


def stem(word: str) -> str:
    """Return a word without the endings that make no other word of it."""
    for ending in ("ing", "es", "s", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word.removesuffix(ending)
    return word
