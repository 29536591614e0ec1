"""HTTP/1.1 as Go's server writes it, on asyncio streams."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json; charset=utf-8"
JSON_WITHOUT_CHARSET = "application/json"  # of an error after the stream was set up
NDJSON = "application/x-ndjson"
PLAIN = "text/plain"

_DATE = "Mon, 23 Nov 2026 14:45:29 GMT"
# Go sends a content-length if the body fits its first buffer, and any longer body in chunks.
_COUNTED_BODY_BYTES = 2048


@dataclass
class Request:
    """A request as received; `abandoned`: the client left before its answer had ended."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(default_factory=dict)
    abandoned: bool = False

    @property
    def closes_connection(self) -> bool:
        """Whether the connection ends after this request."""
        return self.headers.get("connection", "").lower() == "close"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request of a connection; None at its end."""
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
    content_type: str = JSON,
    *,
    chunked: bool = False,
    chunk_size: int = 0,
    without_body: bool = False,
) -> None:
    """Send a whole answer, `chunk_size` bytes at a time if not 0; to HEAD `without_body`."""
    data = body.encode("utf-8", "surrogatepass")
    if chunked or len(data) > _COUNTED_BODY_BYTES:
        response = (
            _head(status, content_type, "Transfer-Encoding: chunked") + chunk(data) + chunk(b"")
        )
    else:
        response = _head(status, content_type, f"Content-Length: {len(data)}")
        response += b"" if without_body else data
    await write(writer, response, chunk_size)


async def send_head(writer: asyncio.StreamWriter, status: int, content_type: str) -> None:
    """Begin an answer that continues in chunks."""
    await write(writer, _head(status, content_type, "Transfer-Encoding: chunked"))


async def write(writer: asyncio.StreamWriter, data: bytes, chunk_size: int = 0) -> None:
    """Write bytes, `chunk_size` at a time if not 0."""
    size = chunk_size or len(data) or 1
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await writer.drain()
        if chunk_size:
            await asyncio.sleep(0)


def chunk(data: bytes) -> bytes:
    """Frame bytes as a chunk; an empty chunk ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def reset_connection(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _head(status: int, content_type: str, framing: str) -> bytes:
    type_header = f"Content-Type: {content_type}\r\n" if content_type else ""
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{line}{type_header}Date: {_DATE}\r\n{framing}\r\n\r\n".encode()
