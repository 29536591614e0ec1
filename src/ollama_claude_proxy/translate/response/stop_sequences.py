"""Stop sequences, found by the proxy and not by Ollama.

Ollama does not say which string ended an answer (`done_reason` is `stop` for the model's own end
too), uses `options.stop` in place of the model's own stop tokens, and MLX models ignore it. So the
strings are not sent: text is released as soon as it cannot be the beginning of one.
"""

from collections.abc import Sequence


class StopScanner:
    """Finds the first of several stop sequences in streamed text, however it is chunked.

    `matched` is the sequence, None until then.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = [sequence for sequence in sequences if sequence]
        self._held = ""
        self.matched: str | None = None

    def feed(self, chunk: str) -> str:
        """Return what may be shown now; nothing more after a stop sequence was found."""
        if self.matched is not None or not self._sequences:
            return "" if self.matched is not None else chunk
        text = self._held + chunk
        matches = [
            (position, sequence)
            for sequence in self._sequences
            if (position := text.find(sequence)) >= 0
        ]
        if matches:
            position, self.matched = min(matches)
            self._held = ""
            return text[:position]
        shown_chars = len(text) - self._partial_match_chars(text)
        self._held = text[shown_chars:]
        return text[:shown_chars]

    def flush(self) -> str:
        """Return what was held back, at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _partial_match_chars(self, text: str) -> int:
        """Return the length of the longest suffix of the text that begins a stop sequence."""
        longest = min(len(text), max(map(len, self._sequences)) - 1)
        for length in range(longest, 0, -1):
            suffix = text[-length:]
            if any(sequence.startswith(suffix) for sequence in self._sequences):
                return length
        return 0
