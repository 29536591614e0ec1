"""The model's own turns, as it wrote them.

The client sends a turn back as text and calls, and writes the calls' input anew: other key order,
other spaces, defaults filled in. Rendered from that, the turn would not be what the model wrote,
and all from there on would be read again. So what it wrote is kept: by the ids of the calls, which
are the proxy's own, or, for a turn without calls, by its text where that differs.
"""

from collections import OrderedDict
from collections.abc import Sequence

# Some thousand turns of a few kilobytes; the oldest go first.
_MOST_CHARACTERS = 64_000_000

_Key = tuple[str, ...]


class Turns:
    """Remembers turns in memory, up to `most_characters` of text."""

    def __init__(self, most_characters: int = _MOST_CHARACTERS) -> None:
        self._most = most_characters
        self._turns: OrderedDict[_Key, str] = OrderedDict()
        self._size = 0

    def remember(self, identifiers: Sequence[str], text: str, raw: str) -> None:
        """Keep the text `raw` of a turn that the client knows by its calls and its text."""
        if not identifiers and raw == text:
            return
        key = _key(identifiers, text)
        self._size -= len(self._turns.pop(key, ""))
        self._turns[key] = raw
        self._size += len(raw)
        while self._size > self._most and self._turns:
            self._size -= len(self._turns.popitem(last=False)[1])

    def recall(self, identifiers: Sequence[str], text: str) -> str | None:
        """Give what the model wrote for a turn, or None where that is not known."""
        key = _key(identifiers, text)
        raw = self._turns.get(key)
        if raw is not None:
            self._turns.move_to_end(key)
        return raw


def _key(identifiers: Sequence[str], text: str) -> _Key:
    return tuple(identifiers) if identifiers else ("", text)
