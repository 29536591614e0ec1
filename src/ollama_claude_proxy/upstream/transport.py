"""HTTP/1.1 to Ollama, as an httpx transport that reads streams in bulk.

httpx's own transport parses a chunked body chunk by chunk and Ollama sends a chunk for each token:
that alone costs more than all else that the proxy does for it. So h11 reads the heads here, where
strictness counts, and `framing` the bodies. No proxy of the environment is used: Ollama is on this
machine or beside it, and a proxy would see every prompt.

A connection is kept after an answer and used again. Ollama may close it meanwhile (a restart); if
nothing came on a connection that was used before, the request is sent once more on a new one. That
is safe: Ollama had not taken it, and a chat that is asked twice changes nothing.
"""

import time
from collections.abc import AsyncIterator
from contextlib import suppress

import h11
import httpx

from ollama_claude_proxy.upstream.connection import Connection, connect
from ollama_claude_proxy.upstream.framing import Framing, Headers, framing

# Gateways close silent connections after a minute, and forget them without a word.
_IDLE_SECONDS = 30.0
# As many as there are answers at once, mostly one; each costs a file descriptor.
_MOST_IDLE = 20
_MOST_HEAD_BYTES = 64 * 1024

Origin = tuple[str, str, int | None]


class Transport(httpx.AsyncBaseTransport):
    """Sends requests, any number at a time; only the `connect` timeout is kept."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; give the response when its head is there.

        Raises ConnectTimeout, ConnectError, ReadError or RemoteProtocolError; so does its stream.
        """
        await request.aread()
        kept = self._take(_origin(request.url))
        if kept is not None:
            with suppress(Unanswered):
                return await self._ask(kept, request)
        seconds = request.extensions.get("timeout", {}).get("connect")
        return await self._ask(await connect(request.url, seconds), request)

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    async def _ask(self, connection: Connection, request: httpx.Request) -> httpx.Response:
        try:
            head, rest = await _exchange(connection, request)
        except BaseException:  # who cancels a request wants it to stop at once
            connection.abort()
            raise
        headers = list(head.headers)
        frame = framing(request.method, head.status_code, headers)
        keep = head.http_version == b"1.1" and not _closes(headers)
        pool = self._idle.setdefault(_origin(request.url), []) if keep else None
        return httpx.Response(
            head.status_code, headers=headers, stream=_Body(connection, frame, rest, pool)
        )

    def _take(self, origin: Origin) -> Connection | None:
        """Give a connection that is still good, the one used last; close the stale ones."""
        connections = self._idle.get(origin, [])
        fresh_after = time.monotonic() - _IDLE_SECONDS
        while connections:
            connection = connections.pop()
            if connection.idle_since > fresh_after and not connection.spoilt:
                return connection
            connection.abort()
        return None


class Unanswered(httpx.RemoteProtocolError):
    """The connection closed before anything came on it."""


class _Body(httpx.AsyncByteStream):
    """The body of a response; `pool` takes its connection when it was read to its end."""

    def __init__(
        self, connection: Connection, frame: Framing, rest: bytes, pool: list[Connection] | None
    ) -> None:
        self._connection: Connection | None = connection
        self._frame = frame
        self._rest = rest
        self._pool = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give what came since the last time, in one piece."""
        connection, frame, data = self._connection, self._frame, self._rest
        if connection is None:
            raise httpx.StreamClosed
        while True:
            try:
                part = frame.feed(data)
            except httpx.RemoteProtocolError:
                self._pool = None
                raise
            if part:
                yield part
            if frame.complete:
                return
            data = await connection.read()
            if not data:
                frame.end()
                return

    async def aclose(self) -> None:
        """Keep the connection if the body is over; else close it at once."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        pool = self._pool
        if self._frame.complete and pool is not None and len(pool) < _MOST_IDLE:
            connection.idle_since = time.monotonic()
            pool.append(connection)
        else:
            connection.abort()


async def _exchange(connection: Connection, request: httpx.Request) -> tuple[h11.Response, bytes]:
    """Send a request, wait for the head of its response; give that and what came after it."""
    state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
    target = request.url.raw_path
    try:
        for event in (
            h11.Request(method=request.method, target=target, headers=request.headers.raw),
            h11.Data(request.content),
            h11.EndOfMessage(),
        ):
            connection.write(state.send(event) or b"")
        return await _head(connection, state)
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error


async def _head(connection: Connection, state: h11.Connection) -> tuple[h11.Response, bytes]:
    came = False
    while not isinstance(event := state.next_event(), h11.Response):
        if event is not h11.NEED_DATA:
            continue  # an informational response
        try:
            data = await connection.read()
        except httpx.ReadError as error:
            if came:
                raise
            raise Unanswered(str(error)) from error
        if not (data or came):
            raise Unanswered("the connection closed before an answer came")
        came = True
        state.receive_data(data)
    return event, state.trailing_data[0]


def _closes(headers: Headers) -> bool:
    return any(name == b"connection" and b"close" in value.lower() for name, value in headers)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port
