"""Messages of a conversation, in short."""

from typing import Any

from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import Block, TextBlock, ToolResultBlock, ToolUseBlock

REMINDER = "<system-reminder>\nWe use tabs. Error: none.\n</system-reminder>"


def said(role: str, *texts: str) -> Message:
    """Return a message of texts."""
    return Message(role, tuple(map(TextBlock, texts)))


def call(tool: str, **arguments: Any) -> Message:
    """Return a call of a tool."""
    return Message("assistant", (ToolUseBlock("toolu_1", tool, arguments),))


def result(*blocks: Block | str) -> Message:
    """Return the result of a call."""
    content = tuple(TextBlock(one) if isinstance(one, str) else one for one in blocks)
    return Message("user", (ToolResultBlock("toolu_1", content),))
