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
from msgspec.structs import replace

from ollama_claude_proxy.sessions.block_text import message_text, newest_request, user_text
from ollama_claude_proxy.sessions.truncate import (
    TRUNCATED_CHARACTERS,
    truncate_request,
    truncate_results,
)
from ollama_claude_proxy.wire.anthropic import Message

# So many of the newest turns stay whole where they fit; the newest always stays.
_LAST_TURNS = 4
# What a step leaves free of the room for turns, and in use.
FREED_SHARE = 0.7
_TARGET_SHARE = 1 - FREED_SHARE
# What a step that only truncates results may leave.
_TRUNCATED_SHARE = 0.5
# What is left in use where the newest turn is large; otherwise only that turn stays.
_FULL_SHARE = 0.5
# A message with fewer tokens for so many characters can hold no result that is truncated.
_MAX_CHARACTERS_PER_TOKEN = 8

CountTokens = Callable[[str], int]


class LaterLimit(Struct, frozen=True, array_like=True):
    """How many characters results may have from message number `start` on; 0 for no limit."""

    characters: int = 0
    start: int = 0


NO_LIMIT = LaterLimit()


class Cut(Struct, frozen=True):
    """Where a conversation is cut, as numbers of messages.

    Messages from the opening up to `left_until` are left out, and long results before
    `truncated_until` are truncated; `later` ones may be limited. Where that is not enough, results
    before `limited_until` have `result_characters` at most, and the user's texts there
    `text_characters` (0: no limit).
    """

    left_until: int = field(default=0, name="left")
    truncated_until: int = field(default=0, name="short")
    result_characters: int = field(default=0, name="tight")
    limited_until: int = field(default=0, name="limited")
    text_characters: int = field(default=0, name="text")
    later: LaterLimit = NO_LIMIT

    @property
    def truncated_characters(self) -> int:
        """To how many characters results are truncated: to half of what later ones have."""
        return truncated_length(self.later)

    @property
    def depends_on(self) -> int:
        """How many messages the cut depends on."""
        return max(self.left_until, self.truncated_until, self.limited_until)


class PromptSizes(Struct, frozen=True):
    """Tokens of a prompt: of its `head` before the messages, of a `digest`, of the messages.

    `whole` and `truncated` are running sums over the messages, whole and with truncated results.
    The words of the newest `request` have `request_tokens`: they are shown also where it left.
    """

    whole: Sequence[int]
    truncated: Sequence[int]
    head: int
    digest: int
    request: int = 0
    request_tokens: int = 0

    @classmethod
    def of(cls, whole: Iterable[int], truncated: Iterable[int], head: int, digest: int) -> Self:
        """Return the sizes of a prompt whose messages have so many tokens each."""
        whole_sums, truncated_sums = accumulate(whole, initial=0), accumulate(truncated, initial=0)
        return cls(list(whole_sums), list(truncated_sums), head, digest)

    @classmethod
    def measured(
        cls,
        messages: Sequence[Message],
        count_tokens: CountTokens,
        head: int,
        digest: int,
        later: LaterLimit = NO_LIMIT,
    ) -> Self:
        """Return the sizes of a prompt with these messages; `count_tokens` counts a text.

        Results that are not truncated have the limit of `later` ones.
        """

        def measure(limit: int, start: int = 0) -> list[int]:
            return [
                tokens
                if index < start or not limit or tokens < limit // _MAX_CHARACTERS_PER_TOKEN
                else count_tokens(message_text(truncate_results(message, limit)))
                for index, (tokens, message) in enumerate(zip(whole, messages, strict=True))
            ]

        whole = [count_tokens(message_text(message)) for message in messages]
        truncated = measure(truncated_length(later))
        sizes = cls.of(measure(later.characters, later.start), truncated, head, digest)
        request = newest_request(messages)
        words = count_tokens(user_text(messages[request]))
        return replace(sizes, request=request, request_tokens=words)

    def fixed_tokens(self, opening: int) -> int:
        """Return the tokens of what never leaves: the head and the first `opening` messages."""
        return self.head + self.whole[opening]

    def tokens_with_cut(self, cut: Cut, opening: int) -> int:
        """Return the tokens of the prompt with a cut; its first `opening` messages stay."""
        left, until = cut.left_until, cut.truncated_until
        middle = self.truncated[until] - self.truncated[left] if left < until else 0
        tail = self.whole[-1] - self.whole[max(left, until)]
        digest = self.digest if left > opening else 0
        words = self.request_tokens if opening <= self.request < left else 0
        return self.fixed_tokens(opening) + middle + tail + digest + words


def truncated_length(later: LaterLimit) -> int:
    """Return to how many characters results are truncated, by the limit of later ones."""
    return min(TRUNCATED_CHARACTERS, later.characters // 2 or TRUNCATED_CHARACTERS)


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


def count_changes(messages: Sequence[Message], cut: Cut) -> tuple[int, int]:
    """Return how many messages a cut leaves out, and how many of the others it shortens."""
    opening = opening_length(messages)
    start = max(cut.left_until, opening)
    kept = (*messages[:opening], *messages[start:])
    pairs = zip(kept, apply_cut(messages, cut), strict=True)
    return start - opening, sum(before.content is not after.content for before, after in pairs)


def next_cut(
    messages: Sequence[Message],
    sizes: PromptSizes,
    budget: int,
    cut: Cut,
    later: LaterLimit = NO_LIMIT,
) -> Cut | None:
    """Return the next cut, with which the turns take about a third of their room in a budget.

    The room is what the head and the opening leave of the budget in tokens; where truncating alone
    frees half of it, no turn leaves. None where what must stay does not fit with any cut. Results
    behind the cut have the limit `later`, with which `sizes` were measured; where that spares the
    newest turn, None also if the turns would take more than their third.
    """
    opening = opening_length(messages)
    turns = [index for index in range(opening, len(messages)) if _is_reply(messages[index])]
    if not turns:
        return None
    first, last = max(cut.left_until, opening), turns[-1]
    fixed = sizes.fixed_tokens(opening)
    steps = [(turn, _TARGET_SHARE) for turn in turns[-_LAST_TURNS:]]
    if later.start:
        steps = steps[-1:]
    else:
        steps += [(last, _FULL_SHARE), (last, 1.0)]
    for until, share in steps:
        truncated_until = max(until, cut.truncated_until)
        places = [place for place in (opening, *turns) if first <= place <= until]
        for left_until in places if share < 1 else places[::-1]:
            candidate = Cut(left_until, truncated_until, later=later)
            kept_share = max(share, _TRUNCATED_SHARE) if left_until == first else share
            allowed = min(fixed + (budget - fixed) * kept_share, budget)
            if sizes.tokens_with_cut(candidate, opening) <= allowed:
                return candidate
    return None


def _shortened(message: Message, index: int, cut: Cut) -> Message:
    is_limited = index < cut.limited_until
    is_truncated = index < cut.truncated_until
    limits = (
        cut.result_characters if is_limited else 0,
        cut.later.characters if index >= cut.later.start else 0,
        cut.truncated_characters if is_truncated else 0,
    )
    if any(limits):
        message = truncate_results(message, min(filter(None, limits)))
    if is_limited and cut.text_characters:
        message = truncate_request(message, cut.text_characters)
    return message


def _is_reply(message: Message) -> bool:
    return message.role == "assistant"
