"""How vocabularies spell a text: what its symbols are before anything is merged."""

from typing import Protocol

_SPACE = "▁"


class Spelling(Protocol):
    """A way to spell."""

    def spell(self, word: str) -> str:
        """Return a word as it would stand in the vocabulary."""

    def tokens_of_symbol(self, symbol: str) -> int:
        """Return how many tokens a symbol is that is in no piece of the vocabulary."""


class ByteSpelling:
    """GPT-2's spelling: a symbol is a byte, shown as a printable character."""

    def __init__(self) -> None:
        shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
        others = [byte for byte in range(0x100) if byte not in shown]
        self._shown_as = {byte: 0x100 + index for index, byte in enumerate(others)}

    def spell(self, word: str) -> str:
        """Return a word as it would stand in the vocabulary."""
        return word.encode("utf-8", "replace").decode("latin-1").translate(self._shown_as)

    def tokens_of_symbol(self, symbol: str) -> int:  # noqa: ARG002  # every byte is a token
        """Return how many tokens a symbol is that is in no piece of the vocabulary."""
        return 1


class CharacterSpelling:
    """SentencePiece's spelling: a symbol is a character, a space is `▁`."""

    def spell(self, word: str) -> str:
        """Return a word as it would stand in the vocabulary."""
        return word.replace(" ", _SPACE)

    def tokens_of_symbol(self, symbol: str) -> int:
        """Return how many tokens a symbol is that is in no piece of the vocabulary: its bytes."""
        return len(symbol.encode("utf-8", "replace"))
