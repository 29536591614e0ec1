"""Texts as words to search by, and as passages to show.

Code has its own words: `readConfigFile` and `read_config_file` are found whole and by each of their
parts. A passage ends where a function or a section ends, so that what is found can be read.
"""

import re
from collections.abc import Iterator

# Characters; about 150 tokens, a short function.
_MOST = 500
_FEWEST = 125

_WORDS = re.compile(r"[^\W\d]\w*|\d[\d.:]*\d|\d+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Chinese, Japanese and Korean are written without spaces: each sign is a word.
_SIGNS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_FOREIGN = re.compile(rf"[{_SIGNS}]|[^\W_{_SIGNS}]+")
_NUMBERS = re.compile(r"^\s*\d+[→\t]", re.MULTILINE)
# A line that begins something new; tools write line numbers before it.
_BEGINS = re.compile(
    r"(?:\s*\d+(?:→|\t|: ?))?"
    r"(?:(?:async |export |pub |public |private |static |abstract )*"
    r"(?:def|class|func|function|fn|impl|struct|interface|type|enum|trait|module|const|let|var)\b"
    r"|@\w|#{1,6} |\[[\w.\"-]+\]$|diff --git |={3,})"
)
_COMMON = frozenset(
    _WORDS.findall(
        "a an and are as at be but by can could did do does for from had has have how i if in is "
        "it its me my of on or our please should so tell that the their then there this to us was "
        "we were what when where which who why will with would you your again earlier before"
    )
)


def terms(text: str) -> list[str]:
    """Give the words of a text in small letters; what is put together is its parts, in order."""
    return [part.lower() for word in _WORDS.findall(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if word.isascii():
        return [word] if word.islower() and "_" not in word else _PARTS.findall(word)
    return _FOREIGN.findall(word)


def wanted(text: str) -> list[str]:
    """Give what to search for: the words that tell one text from another, each once.

    What is put together is searched for as a phrase and by its parts.
    """
    found: dict[str, None] = {}
    for word in _WORDS.findall(text):
        parts = terms(word)
        found[" ".join(parts)] = None
        found |= dict.fromkeys(parts)
    return [term for term in found if term and term not in _COMMON]


def without_numbers(text: str) -> str:
    """Leave out the numbers that tools write before the lines of a file."""
    return _NUMBERS.sub("", text)


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text; give the start and the length of each piece, in characters."""
    start = at = 0
    for line in text.splitlines(keepends=True):
        size = at - start
        if size and (
            size + len(line) > _MOST or (size >= _FEWEST and _BEGINS.match(line) is not None)
        ):
            yield start, size
            start = at
        at += len(line)
        while at - start > _MOST:  # one line that is longer than a passage
            yield start, _MOST
            start += _MOST
    if at > start:
        yield start, at - start
