"""Long results of calls, cut down to their head and tail, with a line that says so."""

from typing import Any

from msgspec.structs import replace

from ollama_claude_proxy.sessions.message_chain import Raw, blocks_of
from ollama_claude_proxy.wire.anthropic import Message

# Characters. What is shorter is not worth a cut; the head of a file or an error says the most.
SHORT = 1600
_HEAD = 0.6


def shortened(message: Message, most: int = SHORT) -> Message:
    """Give a message whose results have at most about `most` characters each.

    It is the same message where none had more.
    """
    blocks = blocks_of(message)
    short = [_short(block, most) for block in blocks]
    return message if short == blocks else replace(message, content=short)


def _short(block: Raw, most: int) -> Raw:
    if block.get("type") != "tool_result":
        return block
    content: Any = block.get("content")
    if isinstance(content, str):
        return block | {"content": cut(content, most)}
    if not isinstance(content, list):
        return block
    parts = [
        part | {"text": cut(part["text"], most)}
        if isinstance(part, dict) and isinstance(part.get("text"), str)
        else part
        for part in content
    ]
    return block | {"content": parts}


def cut(text: str, most: int) -> str:
    """Give the head and the tail of a text that is longer than `most` characters."""
    if len(text) <= most:
        return text
    head = _line_end(text, int(most * _HEAD))
    tail = _line_begin(text, len(text) - (most - int(most * _HEAD)))
    left = f"[... {tail - head:,} characters are left out here, for the window is too small ...]"
    return f"{text[:head].rstrip()}\n{left}\n{text[tail:].lstrip()}"


def _line_end(text: str, at: int) -> int:
    """Move back to the end of a line, unless that is far away."""
    found = text.rfind("\n", at * 3 // 4, at)
    return at if found < 0 else found + 1


def _line_begin(text: str, at: int) -> int:
    found = text.find("\n", at, at + (len(text) - at) // 4)
    return at if found < 0 else found + 1
