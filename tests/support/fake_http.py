"""HTTP/1.1 as Go's server writes it, on asyncio streams."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=utf-8"
LATE_JSON = "application/json"  # how Ollama says an error once its stream had been set up
NDJSON = "application/x-ndjson"
PLAIN = "text/plain"

_DATE = "Mon, 23 Nov 2026 14:45:29 GMT"
# Go counts a body that a handler ended within its first buffer, and sends any longer one in chunks.
_BUFFER = 2048


@dataclass
class Request:
    """A request as it came; `abandoned`: the client left before its answer had ended."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(default_factory=dict)
    abandoned: bool = False

    @property
    def closes(self) -> bool:
        """Whether the connection is to end with this request."""
        return self.headers.get("connection", "").lower() == "close"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request of a connection; None where there is none."""
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split()
    headers: dict[str, str] = {}
    while (raw := await reader.readline()) != b"\r\n":
        name, _, value = raw.decode().partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target.partition("?")[0], headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


async def send(  # noqa: PLR0913  # an answer has these parts
    writer: asyncio.StreamWriter,
    status: int,
    body: str,
    kind: str = JSON,
    *,
    chunked: bool = False,
    pieces: int = 0,
    bodiless: bool = False,
) -> None:
    """Send a whole answer, in `pieces` bytes at a time if not 0; HEAD's is `bodiless`."""
    data = body.encode("utf-8", "surrogatepass")
    if chunked or len(data) > _BUFFER:
        framed = _head(status, kind, "Transfer-Encoding: chunked") + chunk(data) + chunk(b"")
    else:
        framed = _head(status, kind, f"Content-Length: {len(data)}")
        framed += b"" if bodiless else data
    await write(writer, framed, pieces)


async def send_head(writer: asyncio.StreamWriter, status: int, kind: str) -> None:
    """Begin an answer that goes on in chunks."""
    await write(writer, _head(status, kind, "Transfer-Encoding: chunked"))


async def write(writer: asyncio.StreamWriter, data: bytes, pieces: int = 0) -> None:
    """Write bytes, `pieces` at a time if not 0."""
    step = pieces or len(data) or 1
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
        await writer.drain()
        if pieces:
            await asyncio.sleep(0)


def chunk(data: bytes) -> bytes:
    """Frame bytes as a chunk; the empty one ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST and not with FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _head(status: int, kind: str, framing: str) -> bytes:
    named = f"Content-Type: {kind}\r\n" if kind else ""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{line}{named}Date: {_DATE}\r\n{framing}\r\n\r\n".encode()
