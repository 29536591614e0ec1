"""How long results may be behind a cut, so that the next cut is many turns away.

Turns are expected to be as long as the last ones were. Where so much room is free that many of them
fit, nothing is limited. Otherwise long results are, because a cut in every second turn has the
model read more than it would learn from the rest of them.
"""

from collections.abc import Callable, Sequence

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.cut import (
    FREED_SHARE,
    NO_LIMIT,
    Cut,
    LaterLimit,
    PromptSizes,
    next_cut,
    opening_length,
)
from ollama_claude_proxy.sessions.truncate import (
    TRUNCATED_CHARACTERS,
    limit_for_excess,
    result_lengths,
)
from ollama_claude_proxy.wire.anthropic import Message

# How many turns should fit, as long as results of so many characters do.
_TURNS, _USEFUL_CHARACTERS = 12, TRUNCATED_CHARACTERS
# How many should fit in any case, and the least that is left of a result.
_MIN_TURNS, _MIN_CHARACTERS = 6, 800
# Fewer turns say nothing of those to come.
_KNOWN_TURNS = 3


def next_paced_cut(
    messages: Sequence[Message],
    measure: Callable[[LaterLimit], PromptSizes],
    budget: int,
    cut: Cut,
    room_characters: int,
) -> Cut | None:
    """Return the next cut, after which results are limited if turns would soon need another.

    `measure` returns the sizes with a limit; `room_characters` is what the turns may have in all.
    The newest turn is whole where there is room for it.
    """
    turns, free = messages[opening_length(messages) :], int(room_characters * FREED_SHARE)
    characters = later_result_characters(turns, free)
    limits = [NO_LIMIT]
    if characters:
        limits = [LaterLimit(characters, len(messages)), LaterLimit(characters)]
    cuts = (next_cut(messages, measure(later), budget, cut, later) for later in limits)
    return next((found for found in cuts if found is not None), None)


def later_result_characters(messages: Sequence[Message], free_characters: int) -> int:
    """Return how long a result may be behind a cut that leaves so much room; 0 for no limit.

    `messages` are those of the turns before.
    """
    starts = [index for index, message in enumerate(messages) if message.role == "assistant"]
    recent = messages[starts[-_TURNS] :] if len(starts) >= _TURNS else messages
    turns = min(len(starts), _TURNS)
    if turns < _KNOWN_TURNS:
        return 0
    for_many = _limit(recent, turns, free_characters / _TURNS)
    for_some = _limit(recent, turns, free_characters / _MIN_TURNS)
    if not for_many:
        return 0
    return max(for_many, min(for_some or _USEFUL_CHARACTERS, _USEFUL_CHARACTERS), _MIN_CHARACTERS)


def _limit(messages: Sequence[Message], turns: int, characters_per_turn: float) -> int:
    """Return the limit of results with which turns have so many characters on average; 0: none."""
    excess = sum(len(message_text(message)) for message in messages) - turns * characters_per_turn
    return max(limit_for_excess(result_lengths(messages), int(excess)), 1) if excess > 0 else 0
