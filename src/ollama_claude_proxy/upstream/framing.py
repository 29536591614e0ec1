"""Where the body of an HTTP/1.1 response ends, read in bulk.

Ollama sends each token as an HTTP chunk of its own. h11 makes an event of each (some 25 µs); here
all chunks that came in one read are joined at once. `feed` takes what came and gives the part of it
that is body; `complete` says that the body is over; `end` is told that the connection closed.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import httpx

# A chunk's size in hexadecimal, its extensions, or a trailer: Ollama's have up to 8 bytes.
_MOST_LINE_BYTES = 16 * 1024

Headers = Sequence[tuple[bytes, bytes]]


class Framing(Protocol):
    """The end of one body."""

    complete: bool

    def feed(self, data: bytes) -> bytes:
        """Give the body's part of `data`; raises RemoteProtocolError for what is no framing."""

    def end(self) -> None:
        """Take the end of the connection; raises RemoteProtocolError when it came too early."""


class Chunked:
    """`transfer-encoding: chunked`; extensions and trailers are skipped."""

    def __init__(self) -> None:
        self.complete = False
        self._line: Callable[[Chunked, bytes], None] = Chunked._size
        self._missing = 0  # bytes of the current chunk
        self._held = b""  # the beginning of a line whose end has not come

    def feed(self, data: bytes) -> bytes:
        """Give the body's part of `data`."""
        data, self._held = self._held + data, b""
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not self.complete:
            if self._missing:
                part = data[at : at + self._missing]
                self._missing -= len(part)
                parts.append(part)
                at += len(part)
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self._hold(data[at:])
                break
            self._line(self, data[at:end])
            at = end + 1
        if at < len(data) and self.complete:
            raise _broken("bytes after the last chunk")
        return b"".join(parts)

    def end(self) -> None:
        """Take the end of the connection."""
        if not self.complete:
            raise _broken("the connection closed before the last chunk")

    def _size(self, line: bytes) -> None:
        """Take the line before a chunk."""
        try:
            self._missing = int(line.partition(b";")[0], 16)
        except ValueError:
            raise _broken(f"a chunk of size {line[:20]!r}") from None
        if self._missing < 0:
            raise _broken(f"a chunk of size {line[:20]!r}")
        self._line = Chunked._ending if self._missing else Chunked._trailer

    def _ending(self, line: bytes) -> None:
        """Take the line end after a chunk."""
        if line not in {b"\r", b""}:
            raise _broken("a chunk that is longer than its size")
        self._line = Chunked._size

    def _trailer(self, line: bytes) -> None:
        """Take a trailer, or the blank line that ends the body."""
        self.complete = line in {b"\r", b""}

    def _hold(self, rest: bytes) -> None:
        if len(rest) > _MOST_LINE_BYTES:
            raise _broken(f"a line of over {_MOST_LINE_BYTES} bytes between chunks")
        self._held = rest


class Sized:
    """`content-length`."""

    def __init__(self, length: int) -> None:
        self.complete = length == 0
        self._missing = length

    def feed(self, data: bytes) -> bytes:
        """Give the body's part of `data`."""
        if len(data) > self._missing:
            raise _broken("more bytes than content-length says")
        self._missing -= len(data)
        self.complete = self._missing == 0
        return data

    def end(self) -> None:
        """Take the end of the connection."""
        if not self.complete:
            raise _broken(f"the connection closed {self._missing} bytes before the end")


class UntilClosed:
    """Neither: the body lasts as long as the connection."""

    complete = False

    def feed(self, data: bytes) -> bytes:
        """Give `data`."""
        return data

    def end(self) -> None:
        """Take the end of the connection, which is the end of the body."""


def framing(method: str, status: int, headers: Headers) -> Framing:
    """Give how the body of a response is framed; header names are in lower case."""
    named = {name: value.strip().lower() for name, value in headers}
    if method == "HEAD" or status in {204, 304}:
        return Sized(0)
    if named.get(b"transfer-encoding", b"").endswith(b"chunked"):
        return Chunked()
    if b"content-length" in named:
        return Sized(int(named[b"content-length"]))
    return UntilClosed()


def _broken(what: str) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError(f"the answer's framing is broken: {what}")
