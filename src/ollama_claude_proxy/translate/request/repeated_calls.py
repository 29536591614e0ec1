"""A hint for a model that makes the same call again and again.

Small models get caught in loops: the same call with the same result, without end. The hint is part
of the tool result, so it is there in every later turn and the beginning of the prompt stays equal.
"""

from typing import Any

from ollama_claude_proxy.wire.events import encode_json

_CallKey = tuple[str, bytes]  # the tool's name and its arguments as canonical JSON


class RepeatedCalls:
    """Counts equal calls with equal results in a row; `limit` of them bring the hint (0: never)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: dict[str, _CallKey] = {}
        self._last: tuple[_CallKey, str] | None = None
        self._count = 0

    def record_call(self, identifier: str, name: str, arguments: dict[str, Any]) -> None:
        """Remember a call by its id."""
        if self._limit:
            self._calls[identifier] = name, encode_json(sorted(arguments.items()))

    def hint(self, identifier: str, result: str) -> str:
        """Count a result and return the hint to show beside it, or "" below the limit."""
        call = self._calls.get(identifier)
        if call is None:
            return ""
        call_with_result = call, result
        self._count = self._count + 1 if call_with_result == self._last else 1
        self._last = call_with_result
        if self._count < self._limit:
            return ""
        return (
            f"This is the same call of {call[0]} with the same result {self._count} times "
            "running. Calling it again will not help: do something else, or say what is in the way."
        )
