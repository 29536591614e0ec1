"""Notices a model that no longer says anything: it goes round in circles, or recites its tools.

A small model can write one line, or one group of lines, until its limit. That cannot be told by one
repetition, since people want tables, test names and files of equal lines. So only text counts that
repeats itself exactly, with nothing between, and for long: `LoopBounds` has the numbers, with more
room inside a call, which may write a file that somebody wants.

The text is examined in blocks of `BLOCK_CHARS`, wherever its chunks begin, so that the answer is
the same however it is chunked; each block costs one search of the `TAIL_CHARS` before it.
"""

import re

from msgspec import Struct

BLOCK_CHARS = 512
TAIL_CHARS = 8192
# A longer cycle is not noticed.
MAX_PERIOD_CHARS = TAIL_CHARS // 4
# So much of the list of tools, word for word, is no quotation.
RECITAL_CHARS = 4 * BLOCK_CHARS
RECITAL = "the model recited its tools"

# In the arguments of a call white space is mostly escaped, and a block may begin within an escape.
_WHITE_SPACE = re.compile(r"[nrt]?(?:\s|\\[nrt])*\\?")
# How far a loop can have gone on before it is noticed.
_SEEN_AT_ONCE = TAIL_CHARS - MAX_PERIOD_CHARS


class LoopBounds(Struct, frozen=True):
    """How far a text may repeat itself: so many times `repetitions`, but within these characters.

    `white_space` is the bound for white space, in characters.
    """

    repetitions: int
    least: int
    most: int
    white_space: int

    def characters(self, period: int) -> int:
        """Return the characters from which a cycle of `period` characters is a loop."""
        return min(max(self.repetitions * period, self.least), self.most)


TEXT_BOUNDS = LoopBounds(repetitions=200, least=8_000, most=12_000, white_space=2_000)
CALL_BOUNDS = LoopBounds(repetitions=1_000, least=12_000, most=48_000, white_space=6_000)


class RunawayDetector:
    """Examines one text while it is written; `tool_list` is the proxy's own text in the prompt.

    After a reason was found, `end` says where, in characters of the last chunk.
    """

    def __init__(self, tool_list: str = "") -> None:
        self._tool_list = tool_list
        self._pending: list[str] = []
        self._pending_chars = 0
        self._tail = ""
        self._period = 0
        self._repeated_chars = 0
        self._white_chars = 0
        self.end = 0

    def feed(self, chunk: str, *, in_call: bool = False) -> str | None:
        """Read the next chunk; return the reason to end the generation, if there is one.

        `in_call`: it stands in a call that is still open.
        """
        self._pending.append(chunk)
        before, self._pending_chars = self._pending_chars, self._pending_chars + len(chunk)
        if self._pending_chars < BLOCK_CHARS:
            return None
        text, at, reason = "".join(self._pending), 0, None
        while reason is None and at + BLOCK_CHARS <= len(text):
            reason = self._examine(text[at : at + BLOCK_CHARS], in_call=in_call)
            at += BLOCK_CHARS
        self.end = at - before
        self._pending, self._pending_chars = [text[at:]], len(text) - at
        return reason

    def _examine(self, block: str, *, in_call: bool) -> str | None:
        self._tail = (self._tail + block)[-TAIL_CHARS:]
        bounds = CALL_BOUNDS if in_call else TEXT_BOUNDS
        self._white_chars = (
            self._white_chars + len(block) if _WHITE_SPACE.fullmatch(block) is not None else 0
        )
        if self._white_chars > bounds.white_space:
            return "the model wrote nothing but white space"
        self._follow_cycle(len(block))
        if self._period and self._repeated_chars >= bounds.characters(self._period):
            return f"the model repeated {self._period} characters over and over"
        recital = self._tail[-RECITAL_CHARS:]
        if len(recital) == RECITAL_CHARS and recital in self._tool_list:
            return RECITAL
        return None

    def _follow_cycle(self, new_chars: int) -> None:
        """Count on in the cycle that the text is in, or look whether it is in one now."""
        period, tail = self._period, self._tail
        if period and tail[-new_chars:] == tail[-new_chars - period : -period]:
            self._repeated_chars += new_chars
            return
        self._period = _find_period(tail) if len(tail) == TAIL_CHARS else 0
        self._repeated_chars = _SEEN_AT_ONCE + self._period


def _find_period(tail: str) -> int:
    """Return after how many characters the end of a text repeats itself; 0 if it does not.

    Backwards, because only a search forwards takes linear time whatever the text.
    """
    backwards = tail[::-1]
    return max(backwards.find(backwards[:_SEEN_AT_ONCE], 1), 0)
