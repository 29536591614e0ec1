"""The chains of the last conversations: what did not change since then is not hashed again."""

from collections import OrderedDict
from collections.abc import Sequence

from ollama_claude_proxy.sessions.message_chain import ChainedMessage, chain_messages
from ollama_claude_proxy.wire.anthropic import Message

# A main conversation, its subagents and small jobs; each holds a conversation's text in memory.
_MAX_CHAINS = 4


class ChainCache:
    """Chains by the conversation's key."""

    def __init__(self) -> None:
        self._chains: OrderedDict[str, list[ChainedMessage]] = OrderedDict()

    def chain(self, key: str, messages: Sequence[Message]) -> list[ChainedMessage]:
        """Return the messages as a chain."""
        known = self._chains.pop(key, [])
        chain: list[ChainedMessage] = []
        for number, message in enumerate(messages):
            earlier = known[number] if number < len(known) else None
            if earlier is not None and _is_same(earlier.message, message):
                chain.append(earlier)
                continue
            before = chain[-1].hash if chain else 0
            (link,) = chain_messages([message], before)
            chain.append(link)
            if earlier is None or link.hash != earlier.hash:  # else only marks for caching moved
                known = known[:number]
        self._chains[key] = chain
        if len(self._chains) > _MAX_CHAINS:
            self._chains.popitem(last=False)
        return list(chain)


def _is_same(before: Message, now: Message) -> bool:
    return before.role == now.role and before.raw == now.raw
