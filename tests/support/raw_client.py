"""An HTTP client that shows what was on the wire: every header, every chunk."""

import json
import socket
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass
class Reply:
    """An answer; `chunks` is None where the body came with a content-length."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes] | None


def framing(headers: dict[str, str]) -> tuple[str | None, str | None, bool]:
    """Give the type of a body, its encoding, and whether its length was said before it."""
    return (
        headers.get("content-type"),
        headers.get("transfer-encoding"),
        "content-length" in headers,
    )


class RawClient:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=10)
        self._reader: BufferedReader = self.socket.makefile("rb")

    def ask(self, method: str, path: str, body: Any = None, *, host: str = "localhost") -> Reply:
        """Send a request and read its whole answer; `body` is bytes or what JSON can say."""
        self.send(method, path, body, host=host)
        return self.read(bodiless=method == "HEAD")

    def send(self, method: str, path: str, body: Any = None, *, host: str = "localhost") -> None:
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(raw)}\r\n\r\n"
        self.socket.sendall(head.encode() + raw)

    def read(self, *, bodiless: bool = False) -> Reply:
        """Read an answer; raises EOFError where it is cut off."""
        status, headers = self.read_head()
        if "transfer-encoding" in headers:
            chunks = list(iter(self.read_chunk, b""))
            return Reply(status, headers, b"".join(chunks), chunks)
        length = 0 if bodiless else int(headers["content-length"])
        return Reply(status, headers, self._exactly(length), None)

    def read_head(self) -> tuple[int, dict[str, str]]:
        status = int(self._line().split()[1])
        headers = {}
        while line := self._line():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def read_chunk(self) -> bytes:
        data = self._exactly(int(self._line(), 16))
        assert self._line() == ""
        return data

    def close(self) -> None:
        self._reader.close()
        self.socket.close()

    def _line(self) -> str:
        line = self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(line)
        return line[:-2].decode()

    def _exactly(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise EOFError(data)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
