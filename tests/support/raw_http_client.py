"""An HTTP client that returns every header and every chunk as it was on the wire."""

import json
import socket
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Self
from urllib.parse import urlsplit

from support.timeouts import HANG_SECONDS


@dataclass
class RawResponse:
    """A response; `chunks` is None if the body has a content-length."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes] | None


def body_framing(headers: dict[str, str]) -> tuple[str | None, str | None, bool]:
    """Return a body's content type, its transfer encoding, and whether it has a length."""
    return (
        headers.get("content-type"),
        headers.get("transfer-encoding"),
        "content-length" in headers,
    )


class RawHttpClient:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection(
            (parts.hostname, parts.port or 80), timeout=HANG_SECONDS
        )
        self._reader: BufferedReader = self.socket.makefile("rb")

    def request(
        self, method: str, path: str, body: Any = None, *, host: str = "localhost"
    ) -> RawResponse:
        """Send a request and read its whole response; `body` is bytes or a JSON value."""
        self.send(method, path, body, host=host)
        return self.read(without_body=method == "HEAD")

    def send(self, method: str, path: str, body: Any = None, *, host: str = "localhost") -> None:
        payload = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(payload)}\r\n\r\n"
        self.socket.sendall(head.encode() + payload)

    def read(self, *, without_body: bool = False) -> RawResponse:
        """Read a response; raises EOFError if it is cut off."""
        status, headers = self.read_head()
        if "transfer-encoding" in headers:
            chunks = list(iter(self.read_chunk, b""))
            return RawResponse(status, headers, b"".join(chunks), chunks)
        length = 0 if without_body else int(headers["content-length"])
        return RawResponse(status, headers, self._read_exactly(length), None)

    def read_head(self) -> tuple[int, dict[str, str]]:
        status = int(self._read_line().split()[1])
        headers = {}
        while line := self._read_line():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def read_chunk(self) -> bytes:
        data = self._read_exactly(int(self._read_line(), 16))
        assert self._read_line() == ""
        return data

    def close(self) -> None:
        self._reader.close()
        self.socket.close()

    def _read_line(self) -> str:
        line = self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(line)
        return line[:-2].decode()

    def _read_exactly(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise EOFError(data)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
