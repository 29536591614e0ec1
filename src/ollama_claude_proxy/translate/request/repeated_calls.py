"""Hints for a model that is caught in a loop.

Small models make the same call with the same result without end, or two or three calls in turn, or
come back later to what has failed. The hint is part of the tool result, so it is there in every
later turn and the beginning of the prompt stays equal; what it says depends only on the results up
to there.
"""

from collections import Counter
from typing import Any

from ollama_claude_proxy.wire.events import encode_json

_CallKey = tuple[str, bytes]  # the tool's name and its arguments as canonical JSON
_CallWithResult = tuple[_CallKey, str]

_FAILURES_BEFORE_HINT = 2
# A, B, A, B is a circle of two; a longer one than this has other reasons, such as a list of checks.
_MAX_CIRCLE = 3


class RepeatedCalls:
    """Counts equal calls with equal results; `limit` rounds bring a hint (0: never).

    A call that failed is counted wherever it stands, others only without another one between, or
    in a circle of at most three.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: dict[str, _CallKey] = {}
        self._results: list[_CallWithResult] = []  # the last of them
        # How many results running equal the one so many before them.
        self._streaks = dict.fromkeys(range(1, _MAX_CIRCLE + 1), 0)
        self._failures: Counter[_CallWithResult] = Counter()

    def record_call(self, identifier: str, name: str, arguments: dict[str, Any]) -> None:
        """Remember a call by its id."""
        if self._limit:
            self._calls[identifier] = name, encode_json(sorted(arguments.items()))

    def hint(self, identifier: str, result: str, *, failed: bool = False) -> str:
        """Count a result and return the hint to show beside it, or "" below the limit."""
        call = self._calls.get(identifier)
        if call is None:
            return ""
        call_with_result = call, result
        self._add(call_with_result)
        rounds = self._rounds(1)
        if rounds >= self._limit:
            return (
                f"This is the same call of {call[0]} with the same result {rounds} times "
                "running. Calling it again will not help: do something else, or say what is in "
                "the way."
            )
        return self._failure_hint(call_with_result, failed=failed) or self._circle_hint()

    def _failure_hint(self, call_with_result: _CallWithResult, *, failed: bool) -> str:
        """Return the hint for a call that failed before, with whatever between."""
        if not failed:
            return ""
        before = self._failures[call_with_result]
        self._failures[call_with_result] += 1
        if before < _FAILURES_BEFORE_HINT:
            return ""
        return (
            f"This same call of {call_with_result[0][0]} has failed {before} times before with "
            "the same error. Made like this it will fail again: change its arguments, or do "
            "something else."
        )

    def _circle_hint(self) -> str:
        """Return the hint for calls that were made in turn, again and again."""
        for length in range(2, _MAX_CIRCLE + 1):
            rounds = self._rounds(length)
            if rounds >= self._limit:
                return (
                    f"The last {length} calls were made {rounds} times in turn, each time with "
                    "the same results. This goes round in circles: do something else, or say "
                    "what is in the way."
                )
        return ""

    def _add(self, call_with_result: _CallWithResult) -> None:
        for length in self._streaks:
            before = self._results[-length] if len(self._results) >= length else None
            is_equal = before == call_with_result
            self._streaks[length] = self._streaks[length] + 1 if is_equal else 0
        self._results = [*self._results, call_with_result][-_MAX_CIRCLE:]

    def _rounds(self, length: int) -> int:
        """Return how many times running the last `length` results came."""
        return self._streaks[length] // length + 1
