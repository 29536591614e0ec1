"""Newline-delimited JSON, split on LF bytes and nothing else.

`str.splitlines` and httpx's `aiter_lines` also break at U+0085 and U+2028, which may stand inside a
JSON string as they are.
"""

# A whole `Write` call of a large file comes in one line; longer lines are refused.
MAX_LINE_BYTES = 64 * 1024 * 1024


class LineTooLong(ValueError):
    """A line has more bytes than any line of Ollama's."""


class LineSplitter:
    """Splits a byte stream into lines; `feed` and `flush` return them without their LF.

    The pieces of an incomplete line are kept and joined once, when its end arrives. Blank lines
    are left out.
    """

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are complete now.

        Raises LineTooLong when the beginning of a line has more bytes than `max_bytes`.
        """
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join([*self._parts, lines[0]])
            self._parts, self._size = [], 0
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._max_bytes:
                raise LineTooLong(f"a line of over {self._max_bytes} bytes")
        return [line for line in lines if line.strip()]

    def flush(self) -> list[bytes]:
        """Return the last line, if no LF ended it."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        return [rest] if rest.strip() else []
