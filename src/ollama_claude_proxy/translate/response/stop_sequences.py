"""Stop sequences, found here and not by Ollama.

Ollama does not say which string ended an answer (`done_reason` is `stop` for the model's own end
too), takes `options.stop` in place of the model's own stop tokens, and MLX models ignore it. So the
strings stay here: text is released as soon as it cannot be the beginning of one.
"""

from collections.abc import Sequence


class StopScanner:
    """Watches text for the first of several stop sequences, under any chunking."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = [sequence for sequence in sequences if sequence]
        self._held = ""
        self.found: str | None = None

    def feed(self, piece: str) -> str:
        """Give what may be shown now; after a hit nothing more."""
        if self.found is not None or not self._sequences:
            return "" if self.found is not None else piece
        text = self._held + piece
        hits = [(at, s) for s in self._sequences if (at := text.find(s)) >= 0]
        if hits:
            at, self.found = min(hits)
            self._held = ""
            return text[:at]
        keep = self._possible_beginning(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """Give what was held back, at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _possible_beginning(self, text: str) -> int:
        """Length of the longest end of `text` that begins a stop sequence."""
        longest = min(len(text), max(map(len, self._sequences)) - 1)
        for size in range(longest, 0, -1):
            end = text[-size:]
            if any(sequence.startswith(end) for sequence in self._sequences):
                return size
        return 0
