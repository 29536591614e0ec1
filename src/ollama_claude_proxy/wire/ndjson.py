"""Newline-delimited JSON, split on LF bytes and nothing else.

`str.splitlines` and httpx's `aiter_lines` also break at U+0085 and U+2028, which may stand inside a
JSON string as they are.
"""

# A whole `Write` call of a large file comes in one line; above this it is no answer any more.
MOST_LINE_BYTES = 64 * 1024 * 1024


class LineTooLong(ValueError):
    """A line has more bytes than any line of Ollama's can have."""


class LineSplitter:
    """Splits a byte stream into lines; `feed` and `flush` give them without their LF.

    The beginning of a line waits in pieces that are joined once, when its end is there. Blank lines
    are left out.
    """

    def __init__(self, most: int = MOST_LINE_BYTES) -> None:
        self._most = most
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Give the lines that are complete now.

        Raises LineTooLong when the beginning of a line has more bytes than `most`.
        """
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join([*self._parts, lines[0]])
            self._parts, self._size = [], 0
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._most:
                raise LineTooLong(f"a line of over {self._most} bytes")
        return [line for line in lines if line.strip()]

    def flush(self) -> list[bytes]:
        """Give the last line, which no LF ended."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        return [rest] if rest.strip() else []
