"""Counts the tokens of texts with a model's own vocabulary."""

import re
from collections.abc import Callable
from itertools import chain

from ollama_claude_proxy.translate.vocabulary.merging import merge_symbols
from ollama_claude_proxy.translate.vocabulary.rank_table import NO_RANK, RankTable
from ollama_claude_proxy.translate.vocabulary.spelling import Spelling
from ollama_claude_proxy.translate.vocabulary.words import SplitWords

_MAX_CACHED = 20_000
# Of a longer text samples are counted, so that no request waits for seconds.
_MAX_COUNTED = 80_000
_SAMPLES = 40


class Vocabulary:
    """Counts tokens by the merges and pieces of `table`, word by word.

    `separator` is between the two texts of a merge. `whole` finds the tokens that are taken out
    of a text before it is split into words, such as `<think>`.
    """

    def __init__(
        self,
        table: RankTable,
        split_words: SplitWords,
        spelling: Spelling,
        *,
        separator: str,
        whole: re.Pattern[str] | None = None,
    ) -> None:
        self._table = table
        self._split_words = split_words
        self._spelling = spelling
        self._separator = separator
        self._ranks = _Cache(table.rank)
        self._word_tokens = _Cache(self._count_word)
        self._whole = whole

    def count(self, text: str) -> int:
        """Return the tokens of a text."""
        if len(text) <= _MAX_COUNTED:
            return self._count(text)
        step, size = len(text) // _SAMPLES, _MAX_COUNTED // _SAMPLES
        samples = (text[step * index :][:size] for index in range(_SAMPLES))
        return sum(map(self._count, samples)) * len(text) // _MAX_COUNTED

    def _count(self, text: str) -> int:
        parts = [text] if self._whole is None else self._whole.split(text)
        words = chain.from_iterable(map(self._split_words, parts))
        return len(parts) - 1 + sum(map(self._word_tokens.__getitem__, words))

    def _count_word(self, word: str) -> int:
        spelled = self._spelling.spell(word)
        if self._is_piece(spelled):
            return 1
        pieces = merge_symbols(list(spelled), self._ranks.__getitem__, self._separator)
        return sum(map(self._tokens_of_piece, pieces))

    def _tokens_of_piece(self, piece: str) -> int:
        if len(piece) > 1 or self._is_piece(piece):
            return 1
        return self._spelling.tokens_of_symbol(piece)

    def _is_piece(self, spelled: str) -> bool:
        return self._table.rank(spelled) != NO_RANK


class _Cache(dict[str, int]):
    """Numbers by text, computed when they are first looked up; it forgets all when it is full."""

    def __init__(self, compute: Callable[[str], int]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, text: str) -> int:
        if len(self) >= _MAX_CACHED:
            self.clear()
        number = self[text] = self._compute(text)
        return number
