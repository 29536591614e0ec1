"""The terms by which a text is found.

Code has its own words: `readConfigFile` and `read_config_file` are found whole and by each of their
parts.
"""

import re

from ollama_claude_proxy.sessions.recall.stop_words import STOP_WORDS

_WORDS = re.compile(r"[^\W\d]\w*|\d[\d.:]*\d|\d+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Chinese, Japanese and Korean are written without spaces: each character is a word.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_NON_ASCII = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_LINE_NUMBERS = re.compile(r"^\s*\d+[→\t]", re.MULTILINE)


def split_terms(text: str) -> list[str]:
    """Return the words of a text in lower case; a compound word is its parts, in order."""
    return [part.lower() for word in _WORDS.findall(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if word.isascii():
        return [word] if word.islower() and "_" not in word else _PARTS.findall(word)
    return _NON_ASCII.findall(word)


def query_terms(text: str) -> list[str]:
    """Return what to search for: the words that tell one text from another, each once.

    A compound word is searched for as a phrase and by its parts.
    """
    terms: dict[str, None] = {}
    for word in _WORDS.findall(text):
        parts = split_terms(word)
        terms[" ".join(parts)] = None
        terms |= dict.fromkeys(parts)
    return [term for term in terms if term and term not in STOP_WORDS]


def strip_line_numbers(text: str) -> str:
    """Remove the numbers that tools write before the lines of a file."""
    return _LINE_NUMBERS.sub("", text)
