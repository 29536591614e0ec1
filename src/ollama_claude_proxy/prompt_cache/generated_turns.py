"""The model's own turns, as it wrote them.

The client sends a turn back as text and calls, and writes the calls' input anew: other key order,
other spaces, defaults filled in. Rendered from that, the turn would not be what the model wrote,
and all from there on would be read again. So what it wrote is kept: by the ids of the calls, which
are the proxy's own, or, for a turn without calls, by its text where that differs.
"""

from collections import OrderedDict
from collections.abc import Sequence

from ollama_claude_proxy.sessions.storage.turn_store import TurnStore, turn_key

# Some thousand turns of a few kilobytes; the oldest go first.
_MAX_CHARACTERS = 64_000_000
# A history that was written elsewhere is looked up once, not at every turn.
_MAX_UNKNOWN = 10_000


class GeneratedTurns:
    """Remembers turns, up to `max_characters` of text in memory, and in the store."""

    def __init__(self, store: TurnStore, max_characters: int = _MAX_CHARACTERS) -> None:
        self._store = store
        self._max_characters = max_characters
        self._turns: OrderedDict[str, str] = OrderedDict()
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._characters = 0

    def remember(self, call_ids: Sequence[str], text: str, generated: str) -> None:
        """Keep the `generated` text of a turn that the client knows by its calls and its text."""
        if not call_ids and generated == text:
            return
        key = turn_key(call_ids, text)
        self._unknown.pop(key, None)
        self._cache(key, generated)
        self._store.keep(key, generated)

    def recall(self, call_ids: Sequence[str], text: str) -> str | None:
        """Return what the model wrote for a turn, or None if that is not known."""
        key = turn_key(call_ids, text)
        generated = self._turns.get(key)
        if generated is not None:
            self._turns.move_to_end(key)
            return generated
        if key in self._unknown:
            return None
        generated = self._store.find(key)
        if generated is not None:
            self._cache(key, generated)
        else:
            self._unknown[key] = None
            while len(self._unknown) > _MAX_UNKNOWN:
                self._unknown.popitem(last=False)
        return generated

    def _cache(self, key: str, generated: str) -> None:
        self._characters += len(generated) - len(self._turns.pop(key, ""))
        self._turns[key] = generated
        while self._characters > self._max_characters and self._turns:
            self._characters -= len(self._turns.popitem(last=False)[1])
