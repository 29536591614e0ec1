"""The merges and pieces of a vocabulary, in little memory.

A dictionary of 300,000 texts takes over 40 MB, this table 4: of each text it keeps a hash and its
rank, in one array. What is looked up often is cached by those who look it up.
"""

from array import array
from collections.abc import Iterable

_RANK_BITS = 24
_RANK_MASK = (1 << _RANK_BITS) - 1
_HASH_MASK = (1 << (64 - _RANK_BITS)) - 1
# Python's hash of `て` is that of `f0`, whose bytes it has in memory: the length tells them apart.
_LENGTH_SHIFT = 40
# The rank of what is not in the table; no table has so many entries.
NO_RANK = _RANK_MASK


class RankTable:
    """An open-addressed hash table of at most `size` texts; the first added have the best ranks."""

    def __init__(self, size: int) -> None:
        slots = 1 << (3 * size // 2 + 1).bit_length()
        self._mask = slots - 1
        self._entries = array("Q", bytes(8 * slots))
        self._added = 0

    def add(self, texts: Iterable[str]) -> None:
        """Add texts; a text that is there already keeps its rank."""
        entries, mask, rank = self._entries, self._mask, self._added
        for text in texts:
            rank += 1
            key = hash(text) ^ len(text) << _LENGTH_SHIFT
            at, check = key & mask, key >> _RANK_BITS & _HASH_MASK
            while entry := entries[at]:
                if entry >> _RANK_BITS == check:
                    break
                at = (at + 1) & mask
            else:
                entries[at] = check << _RANK_BITS | rank
        self._added = rank

    def rank(self, text: str) -> int:
        """Return the rank of a text: the smaller is merged first."""
        entries, mask, key = self._entries, self._mask, hash(text) ^ len(text) << _LENGTH_SHIFT
        at, check = key & mask, key >> _RANK_BITS & _HASH_MASK
        while entry := entries[at]:
            if entry >> _RANK_BITS == check:
                return entry & _RANK_MASK
            at = (at + 1) & mask
        return NO_RANK
