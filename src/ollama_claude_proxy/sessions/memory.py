"""What the proxy remembers of conversations: their messages, and how each is fitted."""

from collections.abc import Sequence
from functools import partial

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.chain_cache import ChainCache
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.message_chain import chain_messages
from ollama_claude_proxy.sessions.storage.archive import Archive
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.passage_index import StoredPassages
from ollama_claude_proxy.sessions.storage.vectors import Vectors
from ollama_claude_proxy.wire.anthropic import Message


class SessionMemory:
    """Conversations in the database."""

    def __init__(self, database: Database) -> None:
        self.vectors = Vectors(database)
        self._archive = Archive(database)
        self._chains = ChainCache()
        self._passages = StoredPassages(database, self.vectors)

    def open(self, key: ConversationKey, messages: Sequence[Message]) -> Conversation:
        """Return a conversation as the client sent it."""
        make_chain = partial(self._chains.chain, key.identity)
        return Conversation(self._archive, self._passages, key, messages, make_chain)

    def unstored_characters(self, conversation: Conversation) -> int:
        """Return how much text of a conversation is not stored yet."""
        chain = conversation.chain
        new = chain[self._archive.known_count(chain) :]
        return sum(len(message_text(link.message)) for link in new)

    def keep(self, conversation: Conversation, answer: Message | None = None) -> None:
        """Store the messages of a conversation, with the `answer` once there is one."""
        chain = conversation.chain
        if answer is not None:
            chain = [*chain, *chain_messages([answer], chain[-1].hash)]
        self._archive.keep(conversation.key, chain)
