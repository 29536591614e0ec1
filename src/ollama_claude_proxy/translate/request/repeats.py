"""A model that makes the same call again and again is told so.

Small models get caught in loops: the same call, the same result, for ever. The hint stands in the
result itself, so that it is there in every later turn and the beginning of the prompt stays.
"""

from typing import Any

from ollama_claude_proxy.wire.events import encode_json

_Made = tuple[str, bytes]


class Repeats:
    """Counts equal calls with equal results in a row; `most` of them are too many, 0: never."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._calls: dict[str, _Made] = {}
        self._last: tuple[_Made, str] | None = None
        self._count = 0

    def called(self, identifier: str, name: str, arguments: dict[str, Any]) -> None:
        """Take note of a call."""
        if self._most:
            self._calls[identifier] = name, encode_json(sorted(arguments.items()))

    def nudge(self, identifier: str, result: str) -> str:
        """Give what to say beside a result; nothing as long as it is not one too many."""
        call = self._calls.get(identifier)
        if call is None:
            return ""
        made = call, result
        self._count = self._count + 1 if made == self._last else 1
        self._last = made
        if self._count < self._most:
            return ""
        return (
            f"This is the same call of {call[0]} with the same result {self._count} times "
            "running. Calling it again will not help: do something else, or say what is in the way."
        )
