"""The model's own turns, as it wrote them.

The client sends a turn back as text and calls, and writes the calls' input anew: other key order,
other spaces, defaults filled in. Rendered from that, the turn would not be what the model wrote,
and all from there on would be read again. So what it wrote is kept: by the ids of the calls, which
are the proxy's own, or, for a turn without calls, by its text where that differs.
"""

from collections import OrderedDict
from collections.abc import Sequence

from ollama_claude_proxy.sessions.storage.store import Store, turn_key

# Some thousand turns of a few kilobytes; the oldest go first.
_MOST_CHARACTERS = 64_000_000
# A history that was written elsewhere is looked up once, not at every turn.
_MOST_UNKNOWN = 10_000


class Turns:
    """Remembers turns, up to `most_characters` of text in memory, and in the store."""

    def __init__(self, store: Store, most_characters: int = _MOST_CHARACTERS) -> None:
        self._store = store
        self._most = most_characters
        self._turns: OrderedDict[str, str] = OrderedDict()
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._size = 0

    def remember(self, identifiers: Sequence[str], text: str, raw: str) -> None:
        """Keep the text `raw` of a turn that the client knows by its calls and its text."""
        if not identifiers and raw == text:
            return
        key = turn_key(identifiers, text)
        self._unknown.pop(key, None)
        self._hold(key, raw)
        self._store.keep_turn(key, raw)

    def recall(self, identifiers: Sequence[str], text: str) -> str | None:
        """Give what the model wrote for a turn, or None where that is not known."""
        key = turn_key(identifiers, text)
        raw = self._turns.get(key)
        if raw is not None:
            self._turns.move_to_end(key)
            return raw
        if key in self._unknown:
            return None
        raw = self._store.turn(key)
        if raw is not None:
            self._hold(key, raw)
        else:
            self._unknown[key] = None
            while len(self._unknown) > _MOST_UNKNOWN:
                self._unknown.popitem(last=False)
        return raw

    def _hold(self, key: str, raw: str) -> None:
        self._size += len(raw) - len(self._turns.pop(key, ""))
        self._turns[key] = raw
        while self._size > self._most and self._turns:
            self._size -= len(self._turns.popitem(last=False)[1])
