"""Makes a vocabulary of what is known of a model's tokenizer."""

import re
from collections.abc import Iterator
from operator import itemgetter

from ollama_claude_proxy.translate.vocabulary.rank_table import RankTable
from ollama_claude_proxy.translate.vocabulary.spelling import ByteSpelling, CharacterSpelling
from ollama_claude_proxy.translate.vocabulary.vocabulary import Vocabulary
from ollama_claude_proxy.translate.vocabulary.words import METASPACE, word_splitter
from ollama_claude_proxy.wire.tokenizer import Tokenizer

# GGUF's numbers for the types of tokens.
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4
_PIECE_TYPES = {_NORMAL, _USER_DEFINED}
_HAS_DIGIT = re.compile(r"\d").search
_MAX_WHOLE = 300
_SAMPLE = "A vocabulary writes plain words with far fewer tokens than they have characters."


def load_vocabulary(tokenizer: Tokenizer) -> Vocabulary | None:
    """Return a model's vocabulary; None where the kind is not known, or the lists make no sense."""
    vocabulary = _vocabulary(tokenizer)
    if vocabulary is None or 2 * vocabulary.count(_SAMPLE) > len(_SAMPLE):
        return None
    return vocabulary


def _vocabulary(tokenizer: Tokenizer) -> Vocabulary | None:
    merges, whole = tokenizer.merges or [], _whole_tokens(tokenizer)
    if tokenizer.model == "gpt2" and merges:
        split, table = word_splitter(tokenizer.pre), _merge_table(tokenizer)
        return Vocabulary(table, split, ByteSpelling(), separator=" ", whole=whole)
    split, spelling = word_splitter(METASPACE), CharacterSpelling()
    if tokenizer.model == "gemma4" and merges:
        return Vocabulary(_merge_table(tokenizer), split, spelling, separator=" ", whole=whole)
    if tokenizer.model == "llama" and tokenizer.scores:
        return Vocabulary(_score_table(tokenizer), split, spelling, separator="", whole=whole)
    return None


def _merge_table(tokenizer: Tokenizer) -> RankTable:
    """Return a table of merges, and behind them the pieces themselves: many words are one piece."""
    merges, tokens = tokenizer.merges or [], tokenizer.tokens or []
    table = RankTable(len(merges) + len(tokens))
    table.add(merges)
    table.add(tokens)
    return table


def _score_table(tokenizer: Tokenizer) -> RankTable:
    """Return a table of pieces, those with the best score first."""
    scored = zip(_typed_tokens(tokenizer), tokenizer.scores or [], strict=False)
    pieces = [(score, token) for (token, kind), score in scored if kind in _PIECE_TYPES]
    pieces.sort(key=itemgetter(0), reverse=True)
    table = RankTable(len(pieces))
    table.add(token for _, token in pieces)
    return table


def _whole_tokens(tokenizer: Tokenizer) -> re.Pattern[str] | None:
    """Return what finds the tokens that are taken out before a text is split: the longest first.

    Those with a number are reserved, and in no text. Gemma has runs of spaces and line ends.
    """
    words: list[str] = []
    runs: dict[str, int] = {}
    for token, kind in _typed_tokens(tokenizer):
        if kind not in {_CONTROL, _USER_DEFINED} or len(token) < 2 or _HAS_DIGIT(token):
            continue
        if token.isspace() and len(set(token)) == 1:
            runs[token[0]] = max(runs.get(token[0], 0), len(token))
        else:
            words.append(token)
    words = sorted(words, key=len, reverse=True)[:_MAX_WHOLE]
    patterns = [f"{re.escape(space)}{{2,{length}}}" for space, length in runs.items()]
    patterns += map(re.escape, words)
    return re.compile("|".join(patterns)) if patterns else None


def _typed_tokens(tokenizer: Tokenizer) -> Iterator[tuple[str, int]]:
    return zip(tokenizer.tokens or [], tokenizer.token_type or [], strict=False)
