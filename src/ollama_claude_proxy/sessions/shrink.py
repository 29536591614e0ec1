"""Making what is shown of a conversation smaller, when even the regular cut is not enough.

Each step shows strictly less than the one before, and there are few of them: results and texts are
limited to what the excess leaves, then to halves of that, and of the turns half leave at a time. So
fitting ends: in a prompt that fits, or with nothing left to take away.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from ollama_claude_proxy.sessions.block_text import is_reminder
from ollama_claude_proxy.sessions.cut import Cut, apply_cut, last_turn_start, opening_length
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolResultBlock

# Characters. Below these nobody could read what is left.
MIN_RESULT_CHARACTERS = 256
MIN_TEXT_CHARACTERS = 512
# Counting is right within some percent; what a limit leaves out costs a line that says so.
_SAFETY = 0.95
_NOTE_CHARACTERS = 120


def shrink_cut(
    messages: Sequence[Message], cut: Cut, excess_characters: int, pinned: str
) -> Cut | None:
    """Return a cut that shows less; None where nothing more can go.

    Results get shorter first, then turns leave, then the user's texts get shorter. `pinned` is a
    text that is shown though its message has left.
    """
    return (
        limit_results(messages, cut, excess_characters)
        or leave_turns(messages, cut)
        or limit_texts(messages, cut, excess_characters, pinned)
    )


def limit_results(messages: Sequence[Message], cut: Cut, excess_characters: int) -> Cut | None:
    """Return a cut with shorter results; None where they are as short as they may be."""
    lengths = [
        len(part.text)
        for message in apply_cut(messages, cut)
        for block in message.content
        if isinstance(block, ToolResultBlock)
        for part in block.content
        if isinstance(part, TextBlock)
    ]
    limit = _next_limit(
        lengths,
        cut.result_characters,
        excess_characters,
        MIN_RESULT_CHARACTERS,
        is_everywhere=cut.limited_until == len(messages),
    )
    if limit is None:
        return None
    return replace(cut, limited_until=len(messages), result_characters=limit)


def limit_texts(
    messages: Sequence[Message], cut: Cut, excess_characters: int, pinned: str = ""
) -> Cut | None:
    """Return a cut with shorter texts of the user; None where they are as short as they may be.

    `pinned` is a text that is shown though its message has left.
    """
    lengths = [
        len(block.text)
        for message in apply_cut(messages, cut)
        if message.role == "user"
        for block in message.content
        if isinstance(block, TextBlock) and not is_reminder(block.text)
    ]
    lengths.append(len(pinned))
    limit = _next_limit(
        lengths,
        cut.text_characters,
        excess_characters,
        MIN_TEXT_CHARACTERS,
        is_everywhere=cut.limited_until == len(messages),
    )
    if limit is None:
        return None
    return replace(cut, limited_until=len(messages), text_characters=limit)


def leave_turns(messages: Sequence[Message], cut: Cut) -> Cut | None:
    """Return a cut without half of the turns that are shown; None where only the last is."""
    start, last = max(cut.left_until, opening_length(messages)), last_turn_start(messages)
    if start >= last:
        return None
    middle = (start + last + 1) // 2
    turns = (index for index in range(middle, last + 1) if messages[index].role == "assistant")
    left_until = next(turns, last)
    return replace(cut, left_until=left_until, truncated_until=max(cut.truncated_until, left_until))


def _next_limit(
    lengths: Sequence[int], before: int, excess: int, minimum: int, *, is_everywhere: bool
) -> int | None:
    """Return a limit that takes away an excess of characters, otherwise half of the longest.

    `before` is the limit in force (0: none), for all texts or only for the earlier ones. None where
    there is nothing to take away.
    """
    longest = max(lengths, default=0)
    if before and is_everywhere:
        longest = min(longest, before)
    if longest <= minimum:
        return None
    wanted = int(_limit_for(lengths, excess) * _SAFETY)
    is_first = not (before and is_everywhere)
    limit = wanted if is_first and 0 < wanted < longest else longest // 2
    return max(min(limit, before or limit), minimum)


def _limit_for(lengths: Sequence[int], excess: int) -> int:
    """Return the limit with which texts of these lengths have `excess` characters less in all."""
    ordered = sorted(lengths, reverse=True)
    for count, length in enumerate(ordered, 1):
        shorter = ordered[count] if count < len(ordered) else 0
        room = sum(ordered[:count]) - excess - count * _NOTE_CHARACTERS
        if room >= count * shorter or count == len(ordered):
            return min(room // count, length)
    return 0
