"""Long results of calls, truncated to their head and tail, with a line that says so."""

from collections.abc import Iterable, Sequence
from typing import TypeGuard

from msgspec.structs import replace

from ollama_claude_proxy.sessions.block_text import is_reminder
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import Block, TextBlock, ToolResultBlock

# Characters. Shorter results are not truncated; the head of a file or an error says the most.
TRUNCATED_CHARACTERS = 1600
_HEAD_SHARE = 0.6
# About what the line takes that says how much is left out.
_NOTE_CHARACTERS = 120


def truncate_results(message: Message, max_characters: int = TRUNCATED_CHARACTERS) -> Message:
    """Return a message whose results have at most about `max_characters` characters each.

    It is the same message where none had more.
    """
    blocks = tuple(_truncate_block(block, max_characters) for block in message.content)
    return message if blocks == message.content else Message(message.role, blocks)


def truncate_request(message: Message, max_characters: int) -> Message:
    """Return a message whose words of the user have at most about `max_characters` a block."""
    if message.role != "user":
        return message
    blocks = tuple(
        TextBlock(truncate_text(block.text, max_characters)) if _is_words(block) else block
        for block in message.content
    )
    return message if blocks == message.content else Message(message.role, blocks)


def _is_words(block: Block) -> TypeGuard[TextBlock]:
    return isinstance(block, TextBlock) and not is_reminder(block.text)


def _truncate_block(block: Block, max_characters: int) -> Block:
    if not isinstance(block, ToolResultBlock):
        return block
    parts = tuple(
        TextBlock(truncate_text(part.text, max_characters)) if isinstance(part, TextBlock) else part
        for part in block.content
    )
    return replace(block, content=parts)


def truncate_text(text: str, max_characters: int) -> str:
    """Return the head and the tail of a text that is longer than `max_characters`."""
    if len(text) <= max_characters:
        return text
    head_characters = int(max_characters * _HEAD_SHARE)
    head_end = _line_end_before(text, head_characters)
    tail_start = _line_start_after(text, len(text) - (max_characters - head_characters))
    count = tail_start - head_end
    note = f"[... {count:,} characters are left out here, because the window is too small ...]"
    return f"{text[:head_end].rstrip()}\n{note}\n{text[tail_start:].lstrip()}"


def result_lengths(messages: Iterable[Message]) -> list[int]:
    """Return the characters of each text in results of calls."""
    return [
        len(part.text)
        for message in messages
        for block in message.content
        if isinstance(block, ToolResultBlock)
        for part in block.content
        if isinstance(part, TextBlock)
    ]


def limit_for_excess(lengths: Sequence[int], excess: int) -> int:
    """Return the limit with which texts of these lengths have `excess` characters less in all."""
    ordered = sorted(lengths, reverse=True)
    for count, length in enumerate(ordered, 1):
        shorter = ordered[count] if count < len(ordered) else 0
        room = sum(ordered[:count]) - excess - count * _NOTE_CHARACTERS
        if room >= count * shorter or count == len(ordered):
            return min(room // count, length)
    return 0


def _line_end_before(text: str, position: int) -> int:
    """Return the end of the last line before a position, unless that is far away."""
    end = text.rfind("\n", position * 3 // 4, position)
    return position if end < 0 else end + 1


def _line_start_after(text: str, position: int) -> int:
    end = text.find("\n", position, position + (len(text) - position) // 4)
    return position if end < 0 else end + 1
