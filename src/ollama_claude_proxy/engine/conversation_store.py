"""Stores conversations without holding up the event loop."""

import asyncio

from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.wire.anthropic import Message

# Storing so much text takes some hundredths of a second; a thread costs a tenth of a millisecond.
_MAX_INLINE_CHARACTERS = 50_000


async def store_conversation(
    memory: SessionMemory, conversation: Conversation, answer: Message | None = None
) -> None:
    """Store a conversation, with the `answer` once there is one; in a thread if much is new."""
    if memory.unstored_characters(conversation) <= _MAX_INLINE_CHARACTERS:
        memory.keep(conversation, answer)
    else:
        await asyncio.to_thread(memory.keep, conversation, answer)
