"""A conversation that is longer than the window, fitted into it.

Early turns leave in large, rare steps: when a prompt would not fit, so much goes that over half of
the window is free again, and then the cut stays where it is. So the model reads most of a prompt
anew once in many turns and not in each. First long results of earlier calls are shortened to their
head and tail; where that does not free enough, whole turns leave.

What never leaves: what stands before the model's first turn (the instructions, the first request)
and the last turns. A call and its results go together, for they are of one turn.
"""

from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from ollama_claude_proxy.wire.anthropic import Message

# The newest turns stay, whatever their size: the open tool loop is among them.
_LAST_TURNS = 4
# What a step leaves of the budget in use.
_KEPT = 0.4


class Cut(Struct, frozen=True):
    """Where a conversation is cut.

    Messages from the opening up to `left` are left out, and long results before `short` are
    shortened. Those behind it are, too, where they have more than `tight` characters (0: never).
    """

    left: int = 0
    short: int = 0
    tight: int = 0

    @property
    def mark(self) -> int:
        """How many messages the cut depends on."""
        return max(self.left, self.short)


class Sizes(Struct, frozen=True):
    """Tokens: of each message `whole` and `short`, of the `head` before them, and of a digest."""

    whole: Sequence[int]
    short: Sequence[int]
    head: int
    digest: int


def opening_of(messages: Sequence[Message]) -> int:
    """Give how many messages stand before the model's first turn; they never leave."""
    roles = (at for at, message in enumerate(messages) if message.role == "assistant")
    return max(next(roles, len(messages)), 1)


def step(messages: Sequence[Message], sizes: Sizes, budget: int, cut: Cut) -> Cut | None:
    """Give the next cut, with which a conversation takes about two fifths of a budget of tokens.

    None where what must stay does not fit with any.
    """
    opening = opening_of(messages)
    begins = [at for at in range(opening, len(messages)) if messages[at].role == "assistant"]
    if not begins:
        return None
    whole, short = (list(accumulate(some, initial=0)) for some in (sizes.whole, sizes.short))

    def kept(left: int, shortened: int) -> int:
        middle = short[shortened] - short[left] if left < shortened else 0
        tail = whole[-1] - whole[max(left, shortened)]
        about = sizes.digest if left > opening else 0
        return sizes.head + whole[opening] + middle + tail + about

    recent, last = begins[-_LAST_TURNS:][0], begins[-1]
    for until, most in ((recent, _KEPT), (last, _KEPT), (last, 1.0)):
        for left in (at for at in (opening, *begins) if max(cut.left, opening) <= at <= until):
            if kept(left, max(until, cut.short)) <= budget * most:
                return Cut(left, max(until, cut.short))
    return None


def tightened(messages: Sequence[Message], budget: int, cut: Cut) -> Cut:
    """Give the last resort: only the newest turn, and no result in it above a quarter."""
    begins = [at for at, message in enumerate(messages) if message.role == "assistant"]
    last = begins[-1] if begins else 0
    return Cut(max(last, cut.left), max(last, cut.short), max(budget, 256))
