"""One connection to Ollama: what came on it waits here until it is read.

A plain `asyncio.Protocol`: all that came since the last read is given in one piece, and a token
that comes alone costs one callback and one wake-up.
"""

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from functools import cache
from typing import cast

import httpx

# A client that reads slowly must not make us hold a whole answer.
_MOST_WAITING_BYTES = 1024 * 1024
# A reader may wait for minutes while a prompt is read, so a machine that vanished from the network
# is found out by the kernel: after a minute of silence it asks, every 10 seconds, 6 times.
_KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))


class Connection(asyncio.Protocol):
    """Reads and writes; `closed` tells that the other side, or we, closed it."""

    def __init__(self) -> None:
        self.closed = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport
        self._parts: list[bytes] = []
        self._waiting = 0
        self._reader: asyncio.Future[None] | None = None
        self._lost: Exception | None = None

    def write(self, data: bytes) -> None:
        """Send data, as soon as the other side takes it."""
        self._transport.write(data)

    async def read(self) -> bytes:
        """Give all that came; nothing when the other side has closed. Raises ReadError."""
        if not (self._parts or self.closed):
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        if self._waiting > _MOST_WAITING_BYTES and not self.closed:
            self._transport.resume_reading()
        self._waiting = 0
        if not data and self._lost is not None:
            raise httpx.ReadError(str(self._lost)) from self._lost
        return data

    def abort(self) -> None:
        """Close at once; Ollama ends the generation when it sees that."""
        self.closed = True
        self._transport.abort()

    @property
    def spoilt(self) -> bool:
        """Whether it cannot be used again: closed, or something came that nobody asked for."""
        return self.closed or bool(self._parts)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)
        connection = transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):  # not every system has all of it
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEP_ALIVE:
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._parts.append(data)
        before, self._waiting = self._waiting, self._waiting + len(data)
        if before <= _MOST_WAITING_BYTES < self._waiting:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take the end; the transport then closes itself."""
        self.closed = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Take the end of the connection, good or bad."""
        self.closed = True
        self._lost = error
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


async def connect(url: httpx.URL, seconds: float | None) -> Connection:
    """Open a connection; raises ConnectTimeout or ConnectError."""
    secure = url.scheme == "https"
    try:
        async with asyncio.timeout(seconds):
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection,
                url.host,
                url.port or (443 if secure else 80),
                ssl=_certificates() if secure else None,
                # `localhost` may mean ::1 first, where Ollama does not listen.
                happy_eyeballs_delay=0.25,
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"no connection in {seconds:g} s") from error
    except OSError as error:
        raise httpx.ConnectError(_reason(error)) from error
    return connection


@cache
def _certificates() -> ssl.SSLContext:
    """Give the authorities that this system trusts; reading them takes 20 ms."""
    return ssl.create_default_context()


def _reason(error: OSError) -> str:
    """Give the system's own word: asyncio's are about its calls."""
    if type(error) is OSError or isinstance(error, ConnectionError):
        return os.strerror(error.errno).lower() if error.errno else str(error)
    return error.strerror or str(error)
