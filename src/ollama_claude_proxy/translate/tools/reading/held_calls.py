"""Calls that were read and wait for what follows, which tells whether they are meant."""

from collections.abc import Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tools.reading.preceding_text import PrecedingText
from ollama_claude_proxy.translate.tools.reading.shown_or_meant import is_meant
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall


class ReadCalls(Struct, frozen=True):
    """Calls that were read, and the text `raw` that they were written as."""

    calls: Sequence[ResolvedCall]
    raw: str


class UnreadableCall(Struct, frozen=True):
    """The text of what was meant as a call and cannot be read as one."""

    raw: str


ReaderOutput = str | ReadCalls | UnreadableCall


class HeldCalls:
    """Calls that stand together, with nothing but separators between, and so share their fate.

    `preceding` is the text before them; it must not grow while they are held.
    """

    def __init__(self, preceding: PrecedingText, *, in_marks: bool) -> None:
        self._preceding = preceding  # examined only if there are calls to judge
        self._in_marks = in_marks
        self._pieces: list[ReadCalls | str] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def may_be_meant(self) -> bool:
        """Whether the place and the introduction allow calls in marks with nothing after them."""
        return self._is_meant("", shown_before=False)

    def add(self, piece: ReadCalls | str) -> None:
        """Add calls, or what separates them."""
        self._pieces.append(piece)

    def judge(self, following: str, *, shown_before: bool) -> list[ReadCalls] | None:
        """Return the calls if they are meant, by what follows them; None if they are shown."""
        if not self._is_meant(following, shown_before=shown_before):
            return None
        return [one for one in self._pieces if isinstance(one, ReadCalls)]

    def _is_meant(self, following: str, *, shown_before: bool) -> bool:
        preceding = self._preceding
        return not preceding.in_document and is_meant(
            preceding.introduction, following, in_marks=self._in_marks, shown_before=shown_before
        )

    @property
    def raw(self) -> str:
        """The text as it was written."""
        return "".join(one if isinstance(one, str) else one.raw for one in self._pieces)
