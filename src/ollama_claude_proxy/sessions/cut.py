"""Where a conversation that is longer than the window is cut.

Early turns leave in large, rare steps: when a prompt would not fit, so much goes that two thirds of
the room for turns are free again, and then the cut stays where it is. So the model reads most of a
prompt anew once in many turns and not in each. First long results of earlier calls are truncated to
their head and tail; where that does not free enough, whole turns leave.

What never leaves: what stands before the model's first turn (the instructions, the first request)
and the last turns. A call and its results go together, because they are of one turn.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Self

from msgspec import Struct, field

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.truncate import (
    TRUNCATED_CHARACTERS,
    truncate_request,
    truncate_results,
)
from ollama_claude_proxy.wire.anthropic import Message

# The newest turns stay, whatever their size: the open tool loop is among them.
_LAST_TURNS = 4
# What a step leaves in use of the room for turns.
_TARGET_SHARE = 0.3
# What a step that only truncates results may leave.
_TRUNCATED_SHARE = 0.5
# A message with less can hold no result that is truncated.
_SURELY_SHORT_TOKENS = TRUNCATED_CHARACTERS // 8

CountTokens = Callable[[str], int]


class Cut(Struct, frozen=True):
    """Where a conversation is cut, as numbers of messages.

    Messages from the opening up to `left_until` are left out, and long results before
    `truncated_until` are truncated. Where that is not enough, results before `limited_until` have
    `result_characters` at most, and the user's texts there `text_characters` (0: no limit).
    """

    left_until: int = field(default=0, name="left")
    truncated_until: int = field(default=0, name="short")
    result_characters: int = field(default=0, name="tight")
    limited_until: int = field(default=0, name="limited")
    text_characters: int = field(default=0, name="text")

    @property
    def depends_on(self) -> int:
        """How many messages the cut depends on."""
        return max(self.left_until, self.truncated_until, self.limited_until)


class PromptSizes(Struct, frozen=True):
    """Tokens of a prompt: of its `head` before the messages, of a `digest`, of the messages.

    `whole` and `truncated` are running sums over the messages, whole and with truncated results.
    """

    whole: Sequence[int]
    truncated: Sequence[int]
    head: int
    digest: int

    @classmethod
    def of(cls, whole: Iterable[int], truncated: Iterable[int], head: int, digest: int) -> Self:
        """Return the sizes of a prompt whose messages have so many tokens each."""
        whole_sums, truncated_sums = accumulate(whole, initial=0), accumulate(truncated, initial=0)
        return cls(list(whole_sums), list(truncated_sums), head, digest)

    @classmethod
    def measured(
        cls, messages: Sequence[Message], count_tokens: CountTokens, head: int, digest: int
    ) -> Self:
        """Return the sizes of a prompt with these messages; `count_tokens` counts a text."""
        whole = [count_tokens(message_text(message)) for message in messages]
        truncated = [
            tokens
            if tokens < _SURELY_SHORT_TOKENS
            else count_tokens(message_text(truncate_results(message)))
            for tokens, message in zip(whole, messages, strict=True)
        ]
        return cls.of(whole, truncated, head, digest)

    def fixed_tokens(self, opening: int) -> int:
        """Return the tokens of what never leaves: the head and the first `opening` messages."""
        return self.head + self.whole[opening]

    def tokens_with_cut(self, cut: Cut, opening: int) -> int:
        """Return the tokens of the prompt with a cut; its first `opening` messages stay."""
        left, until = cut.left_until, cut.truncated_until
        middle = self.truncated[until] - self.truncated[left] if left < until else 0
        tail = self.whole[-1] - self.whole[max(left, until)]
        digest = self.digest if left > opening else 0
        return self.fixed_tokens(opening) + middle + tail + digest


def opening_length(messages: Sequence[Message]) -> int:
    """Return how many messages stand before the model's first turn; they never leave."""
    replies = (index for index, message in enumerate(messages) if _is_reply(message))
    return max(next(replies, len(messages)), 1)


def last_turn_start(messages: Sequence[Message]) -> int:
    """Return where the newest turn begins; the opening's length where there is none."""
    opening = opening_length(messages)
    turns = [index for index in range(opening, len(messages)) if _is_reply(messages[index])]
    return turns[-1] if turns else opening


def apply_cut(messages: Sequence[Message], cut: Cut) -> list[Message]:
    """Return the messages that a cut leaves, from the opening on, with long texts truncated."""
    opening = opening_length(messages)
    start = max(cut.left_until, opening)
    kept = (*range(opening), *range(start, len(messages)))
    return [_shortened(messages[index], index, cut) for index in kept]


def next_cut(messages: Sequence[Message], sizes: PromptSizes, budget: int, cut: Cut) -> Cut | None:
    """Return the next cut, with which the turns take about a third of their room in a budget.

    The room is what the head and the opening leave of the budget in tokens; where truncating alone
    frees half of it, no turn leaves. None where what must stay does not fit with any cut.
    """
    opening = opening_length(messages)
    turns = [index for index in range(opening, len(messages)) if _is_reply(messages[index])]
    if not turns:
        return None
    recent, last = turns[-_LAST_TURNS:][0], turns[-1]
    first = max(cut.left_until, opening)
    fixed = sizes.fixed_tokens(opening)
    for until, share in ((recent, _TARGET_SHARE), (last, _TARGET_SHARE), (last, 1.0)):
        truncated_until = max(until, cut.truncated_until)
        for left_until in (place for place in (opening, *turns) if first <= place <= until):
            candidate = Cut(left_until, truncated_until)
            kept_share = max(share, _TRUNCATED_SHARE) if left_until == first else share
            allowed = min(fixed + (budget - fixed) * kept_share, budget)
            if sizes.tokens_with_cut(candidate, opening) <= allowed:
                return candidate
    return None


def _shortened(message: Message, index: int, cut: Cut) -> Message:
    is_limited = index < cut.limited_until
    limit = cut.result_characters if is_limited else 0
    if index < cut.truncated_until:
        limit = min(limit or TRUNCATED_CHARACTERS, TRUNCATED_CHARACTERS)
    if limit:
        message = truncate_results(message, limit)
    if is_limited and cut.text_characters:
        message = truncate_request(message, cut.text_characters)
    return message


def _is_reply(message: Message) -> bool:
    return message.role == "assistant"
