"""What the proxy remembers of conversations: all that was said, and how each was fitted."""

from collections.abc import Sequence

from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.message_chain import chain
from ollama_claude_proxy.sessions.storage.archive import Archive, Whose
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.retrieval import Retrieval
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from ollama_claude_proxy.wire.anthropic import Message


class Memory:
    """Conversations in the database."""

    def __init__(self, database: Database) -> None:
        self.vectors = Vectors(database)
        self._archive = Archive(database)
        self._retrieval = Retrieval(database, self.vectors)

    def open(self, whose: Whose, messages: Sequence[Message]) -> Conversation:
        """Give a conversation as the client sent it."""
        return Conversation(self._archive, self._retrieval, whose, messages)

    def keep(self, conversation: Conversation, answer: Message | None = None) -> None:
        """Keep what was said, with the `answer` once there is one."""
        entries = conversation.entries
        if answer is not None:
            entries = [*entries, *chain([answer], entries[-1].hash)]
        self._archive.keep(conversation.whose, entries)
