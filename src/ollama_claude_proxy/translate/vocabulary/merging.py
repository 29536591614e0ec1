"""Byte pair encoding: the pieces of a vocabulary that a word consists of."""

from collections.abc import Callable
from itertools import pairwise

from ollama_claude_proxy.translate.vocabulary.rank_table import NO_RANK

# Longer words are merged in parts, so that the time grows with the length and not with its square.
_MAX_SYMBOLS = 256


def merge_symbols(symbols: list[str], rank: Callable[[str], int], separator: str) -> list[str]:
    """Return what is left when neighbours are merged, those of the best rank first.

    Two neighbours have the `rank` of their texts with the separator in between.
    """
    if len(symbols) <= _MAX_SYMBOLS:
        return _merge(list(symbols), rank, separator)
    pieces: list[str] = []
    for start in range(0, len(symbols), _MAX_SYMBOLS):
        pieces += _merge(symbols[start : start + _MAX_SYMBOLS], rank, separator)
    return pieces


def _merge(symbols: list[str], rank: Callable[[str], int], separator: str) -> list[str]:
    ranks = [rank(left + separator + right) for left, right in pairwise(symbols)]
    while ranks and (best := min(ranks)) != NO_RANK:
        at = ranks.index(best)
        merged = symbols[at] + symbols.pop(at + 1)
        symbols[at] = merged
        del ranks[at]
        if at < len(ranks):
            ranks[at] = rank(merged + separator + symbols[at + 1])
        if at:
            ranks[at - 1] = rank(symbols[at - 1] + separator + merged)
    return symbols
