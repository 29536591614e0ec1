"""Patterns of phrases, written one behind the other."""

import re


def any_phrase(phrases: str) -> re.Pattern[str]:
    """Return a pattern that finds any of some phrases, in any case.

    They are separated by ` | ` or by lines; a space in one stands for any white space, and one that
    ends with `*` goes on with any letters. Else they may hold regular expressions.
    """
    found = (phrase.strip() for line in phrases.splitlines() for phrase in line.split(" | "))
    patterns = (_pattern(phrase) for phrase in found if phrase)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def _pattern(phrase: str) -> str:
    begun = phrase.endswith("*") and phrase[-2].isalpha() and not phrase.endswith(r"\w*")
    words = rf"{phrase[:-1]}\w*" if begun else phrase
    return re.sub(r"(?<!\[) +", r"\\s+", words)
