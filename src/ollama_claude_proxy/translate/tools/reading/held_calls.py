"""Calls that were read and wait for what follows, which tells whether they are meant."""

from collections.abc import Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tools.reading.shown_or_meant import Introduction, is_meant
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
    """Calls that stand together, with nothing but separators between, and so share their fate."""

    def __init__(self, introduction: Introduction, *, in_document: bool, in_marks: bool) -> None:
        self._introduction = introduction
        self._in_document = in_document
        self._in_marks = in_marks
        self._pieces: list[ReadCalls | str] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def may_be_meant(self) -> bool:
        """Whether the place and the introduction allow calls in marks with nothing after them."""
        return not self._in_document and is_meant(
            self._introduction, "", in_marks=self._in_marks, shown_before=False
        )

    def add(self, piece: ReadCalls | str) -> None:
        """Add calls, or what separates them."""
        self._pieces.append(piece)

    def judge(self, following: str, *, shown_before: bool) -> list[ReadCalls] | None:
        """Return the calls if they are meant, by what follows them; None if they are shown."""
        meant = not self._in_document and is_meant(
            self._introduction, following, in_marks=self._in_marks, shown_before=shown_before
        )
        return [one for one in self._pieces if isinstance(one, ReadCalls)] if meant else None

    @property
    def raw(self) -> str:
        """The text as it was written."""
        return "".join(one if isinstance(one, str) else one.raw for one in self._pieces)
