"""What was done for one turn so that it fits, and why: for people who ask."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.sessions.cut import Cut
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.recall import Recalled

_MAX_CHARACTERS = 120
_MAX_DISPLACED = 20


class PassageNote(Struct, frozen=True):
    """A passage: its `turn` (0: of many), its `source` and how it begins."""

    turn: int
    source: str
    text: str

    @classmethod
    def of(cls, passage: Passage) -> Self:
        """Return the note of a passage."""
        text = " ".join(passage.text.split())
        return cls(passage.turn, passage.source, text[:_MAX_CHARACTERS])


class FittedTurn(Struct, frozen=True):
    """The cut before a turn and for it, the words searched for, what was loaded, what had no room.

    Cuts are numbers of messages: those before `left_until` left, those before `truncated_until`
    have long results shortened.
    """

    left_before: int = 0
    left_until: int = 0
    truncated_before: int = 0
    truncated_until: int = 0
    words: Sequence[str] = ()
    loaded: Sequence[PassageNote] = ()
    displaced: Sequence[PassageNote] = ()

    @classmethod
    def of(cls, before: Cut, after: Cut, opening: int, recalled: Recalled) -> Self:
        """Return what was done for a turn; the first `opening` messages never leave."""
        return cls(
            max(before.left_until, opening),
            max(after.left_until, opening),
            max(before.truncated_until, before.limited_until),
            max(after.truncated_until, after.limited_until),
            recalled.terms,
            [PassageNote.of(passage) for passage in recalled.passages],
            [PassageNote.of(passage) for passage in recalled.displaced[:_MAX_DISPLACED]],
        )

    def behind(self, earlier: Self) -> Self:
        """Return what was done for the same turn in both tries, the earlier and this one."""
        return replace(
            self,
            left_before=min(self.left_before, earlier.left_before),
            truncated_before=min(self.truncated_before, earlier.truncated_before),
            words=self.words or earlier.words,
            loaded=self.loaded or earlier.loaded,
            displaced=self.displaced or earlier.displaced,
        )

    @property
    def is_cut(self) -> bool:
        """Whether something left or was shortened for this turn."""
        return (self.left_before, self.truncated_before) != (self.left_until, self.truncated_until)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was done."""
        return not (self.is_cut or self.words or self.loaded or self.displaced)
