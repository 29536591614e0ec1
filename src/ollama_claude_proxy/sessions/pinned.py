"""What of messages that left is always shown: the user's newest words, and rules that changed."""

import re
from collections.abc import Sequence

from ollama_claude_proxy.sessions.block_text import is_reminder, newest_request, user_text
from ollama_claude_proxy.sessions.truncate import truncate_text
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock

# The client tells of a changed file in a reminder, which names it and shows its changes.
_CHANGED_RULES = re.compile(
    r"(?<!\S)(\S{0,300}(?:CLAUDE|AGENTS|MEMORY)(?:\.local)?\.md) was modified"
)
_CHANGED = ".md was modified"
# How a client begins a conversation that goes on behind a summary.
_CONTINUED = re.compile(
    r"continued from a previous (?:conversation|session)"
    r"|summary (?:of|below) .{0,40}(?:conversation|session|earlier)",
    re.IGNORECASE,
)
_MAX_BEGINNING = 2000
_MAX_RULES = 2
_MAX_CHARACTERS = 1500


def pinned_words(messages: Sequence[Message], opening: int, left_until: int) -> str:
    """Return the user's newest words, where their message has left; empty where it has not."""
    request = newest_request(messages)
    return user_text(messages[request]) if opening <= request < left_until else ""


def continues_summary(messages: Sequence[Message]) -> bool:
    """Whether a conversation begins with the summary of another."""
    return _CONTINUED.search(user_text(messages[0])[:_MAX_BEGINNING]) is not None


def changed_rules(left: Sequence[Message]) -> list[str]:
    """Return the newest reminder about each file of instructions that changed."""
    newest: dict[str, str] = {}
    for message in left:
        for block in message.content:
            if isinstance(block, TextBlock) and is_reminder(block.text):
                found = _CHANGED in block.text and _CHANGED_RULES.search(block.text)
                if found:
                    newest.pop(found[1], None)
                    newest[found[1]] = truncate_text(block.text, _MAX_CHARACTERS)
    return list(newest.values())[-_MAX_RULES:]
