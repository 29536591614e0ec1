"""Makes a vocabulary of what is known of a model's tokenizer."""

from collections.abc import Iterator
from itertools import islice

from ollama_claude_proxy.translate.vocabulary.rank_table import RankTable
from ollama_claude_proxy.translate.vocabulary.spelling import ByteSpelling, CharacterSpelling
from ollama_claude_proxy.translate.vocabulary.vocabulary import Vocabulary
from ollama_claude_proxy.translate.vocabulary.words import METASPACE, word_splitter
from ollama_claude_proxy.wire.tokenizer import Tokenizer

# GGUF's numbers for the types of tokens.
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4
# More are reserved ones, which no text has.
_MAX_WHOLE = 300
_SAMPLE = "A vocabulary writes plain words with far fewer tokens than they have characters."


def load_vocabulary(tokenizer: Tokenizer) -> Vocabulary | None:
    """Return a model's vocabulary; None where the kind is not known, or the lists make no sense."""
    vocabulary = _vocabulary(tokenizer)
    if vocabulary is None or 2 * vocabulary.count(_SAMPLE) > len(_SAMPLE):
        return None
    return vocabulary


def _vocabulary(tokenizer: Tokenizer) -> Vocabulary | None:
    merges, whole = tokenizer.merges or [], list(islice(_whole_tokens(tokenizer), _MAX_WHOLE))
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
    pieces = [entry for entry in _typed_tokens(tokenizer) if entry[1] in {_NORMAL, _USER_DEFINED}]
    scores = dict(zip(tokenizer.tokens or [], tokenizer.scores or [], strict=False))
    ranked = sorted((token for token, _ in pieces), key=lambda token: -scores.get(token, 0.0))
    table = RankTable(len(ranked))
    table.add(ranked)
    return table


def _whole_tokens(tokenizer: Tokenizer) -> Iterator[str]:
    """Return the tokens that are found before a text is split, but not the numbered ones."""
    for token, kind in _typed_tokens(tokenizer):
        is_reserved = any(map(str.isdigit, token))
        if kind in {_CONTROL, _USER_DEFINED} and len(token.strip("▁\n\t ")) > 1 and not is_reserved:
            yield token


def _typed_tokens(tokenizer: Tokenizer) -> Iterator[tuple[str, int]]:
    return zip(tokenizer.tokens or [], tokenizer.token_type or [], strict=False)
