"""HTTP to Ollama on real sockets: connections are kept, given up, and cut at the right moments."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

import httpx
import pytest

from ollama_claude_proxy.upstream.transport import Transport

Handler = Callable[["Peer"], Awaitable[None]]
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Peer:
    """The server's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.ended = asyncio.Event()

    async def request(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = next(
            (int(line[15:]) for line in head.lower().splitlines() if b"content-length" in line), 0
        )
        return head + await self.reader.readexactly(size)

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.001)


class Server:
    """A server whose n-th connection is handled by the n-th handler (the last one repeats)."""

    def __init__(self, *handlers: Handler) -> None:
        self._handlers = handlers
        self.peers: list[Peer] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/chat"
        self.transport = Transport()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.aclose()
        self._server.close()
        for peer in self.peers:
            peer.writer.close()

    async def ask(self, body: bytes = b"{}") -> httpx.Response:
        request = httpx.Request("POST", self.url, content=body)
        return await self.transport.handle_async_request(request)

    async def read(self) -> bytes:
        response = await self.ask()
        try:
            return await response.aread()
        finally:
            await response.aclose()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        handler = self._handlers[min(len(self.peers), len(self._handlers)) - 1]
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await handler(peer)
        writer.close()
        peer.ended.set()


def says(*pieces: bytes, times: int = 1) -> Handler:
    """Answer each of some requests with the same pieces, then close."""

    async def handler(peer: Peer) -> None:
        for _ in range(times):
            await peer.request()
            await peer.say(*pieces)

    return handler


def run(test: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await test

    asyncio.run(limited())


BODIES = {
    "content-length": ([SIZED], b"ok"),
    "chunks": ([CHUNKED, b"2\r\nok\r\n", b"0\r\n\r\n"], b"ok"),
    "chunks with the head": ([CHUNKED + b"2\r\nok\r\n0\r\n\r\n"], b"ok"),
    "chunks byte by byte": (
        [bytes([byte]) for byte in CHUNKED + b"1;x=y\r\no\r\n1\r\nk\r\n0\r\nTrailer: 1\r\n\r\n"],
        b"ok",
    ),
    "until the connection closes": (
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\no", b"k"],
        b"ok",
    ),
    "as of HTTP/1.0": ([b"HTTP/1.0 200 OK\r\n\r\n", b"ok"], b"ok"),
    "after an informational answer": (
        [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", SIZED],
        b"ok",
    ),
    "nothing": ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
}


@pytest.mark.parametrize("name", BODIES)
def test_every_kind_of_body_is_read_whole(name: str) -> None:
    async def test() -> None:
        pieces, body = BODIES[name]
        async with Server(says(*pieces)) as server:
            assert await server.read() == body

    run(test())


def test_what_arrived_together_is_given_together() -> None:
    async def test() -> None:
        pieces = CHUNKED + b"".join(b"1\r\n%d\r\n" % (number % 10) for number in range(500))
        async with Server(says(pieces, b"0\r\n\r\n")) as server:
            response = await server.ask()
            parts = [part async for part in response.aiter_raw()]
            await response.aclose()
            assert b"".join(parts) == b"0123456789" * 50
            assert len(parts) < 10

    run(test())


def test_a_large_body_goes_out_whole() -> None:
    async def test() -> None:
        seen: list[bytes] = []

        async def handler(peer: Peer) -> None:
            seen.append(await peer.request())
            await peer.say(SIZED)

        body = bytes(range(256)) * 8192
        async with Server(handler) as server:
            response = await server.ask(body)
            await response.aclose()
        assert seen[0].endswith(body)

    run(test())


@pytest.mark.parametrize("kind", ["content-length", "chunks"])
def test_a_connection_is_used_again(kind: str) -> None:
    async def test() -> None:
        async with Server(says(*BODIES[kind][0], times=9)) as server:
            for _ in range(9):
                assert await server.read() == b"ok"
            assert len(server.peers) == 1

    run(test())


NOT_KEPT = {
    "it said so": [b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok"],
    "it is HTTP/1.0": [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    "something came unasked": [SIZED, b"HTTP/1.1 408 Request Timeout\r\n\r\n"],
}


@pytest.mark.parametrize("why", NOT_KEPT)
def test_a_connection_is_not_used_again(why: str) -> None:
    async def test() -> None:
        async with Server(says(*NOT_KEPT[why], times=3)) as server:
            for _ in range(3):
                assert await server.read() == b"ok"
                await asyncio.sleep(0.02)
            assert len(server.peers) == 3

    run(test())


def test_answers_at_once_have_a_connection_each() -> None:
    async def test() -> None:
        async with Server(says(SIZED, times=9)) as server:
            assert await asyncio.gather(*[server.read() for _ in range(30)]) == [b"ok"] * 30
            assert len(server.peers) == 30
            await server.read()
            assert len(server.peers) == 30

    run(test())


@pytest.mark.parametrize("noticed", [False, True], ids=["at once", "a moment later"])
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_kept_connection_that_died_is_no_error(how: str, *, noticed: bool) -> None:
    async def test() -> None:
        async def dies(peer: Peer) -> None:
            await peer.request()
            await peer.say(SIZED)
            with suppress(asyncio.IncompleteReadError):
                await peer.reader.readexactly(1)  # the next request, which goes unanswered
            if how == "reset":
                peer.writer.transport.abort()

        async with Server(dies, says(SIZED)) as server:
            assert await server.read() == b"ok"
            if noticed:
                server.peers[0].writer.close()
                await server.peers[0].ended.wait()
            assert await server.read() == b"ok"
            assert len(server.peers) == 2

    run(test())


FAILURES = {
    "closed before a byte": ([], httpx.RemoteProtocolError),
    "closed within the head": ([b"HTTP/1.1 200 OK\r\nConte"], httpx.RemoteProtocolError),
    "not HTTP": ([b"SSH-2.0-OpenSSH_9.9\r\n\r\n"], httpx.RemoteProtocolError),
    "an endless head": ([b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000], httpx.RemoteProtocolError),
    "closed within the body": ([SIZED[:-1]], httpx.RemoteProtocolError),
    "closed before the last chunk": ([CHUNKED, b"2\r\nok\r\n"], httpx.RemoteProtocolError),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_of_a_new_connection_is_told_and_not_tried_again(name: str) -> None:
    async def test() -> None:
        pieces, error = FAILURES[name]
        async with Server(says(*pieces)) as server:
            with pytest.raises(error):
                await server.read()
            assert len(server.peers) == 1

    run(test())


def test_a_reset_within_the_body_is_told() -> None:
    async def test() -> None:
        async def handler(peer: Peer) -> None:
            await peer.request()
            await peer.say(CHUNKED, b"2\r\nok\r\n")
            await asyncio.sleep(0.02)
            peer.writer.transport.abort()

        async with Server(handler) as server:
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await server.read()

    run(test())


def test_nobody_there_is_told_at_once() -> None:
    async def test() -> None:
        async with Server(says(SIZED)) as server:
            pass
        with pytest.raises(httpx.ConnectError, match="refused"):
            await server.ask()

    run(test())


@pytest.mark.parametrize("moment", ["waiting for the head", "in the middle of the body"])
def test_a_cancelled_request_closes_its_connection_at_once(moment: str) -> None:
    async def test() -> None:
        asked = asyncio.Event()

        async def handler(peer: Peer) -> None:
            await peer.request()
            if moment != "waiting for the head":
                await peer.say(CHUNKED, b"2\r\nok\r\n")
            asked.set()
            assert await peer.reader.read() == b""

        async with Server(handler) as server:
            reading = asyncio.create_task(server.read())
            await asked.wait()
            await asyncio.sleep(0.02)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await server.peers[0].ended.wait()

    run(test())


def test_a_response_that_is_left_early_closes_its_connection_at_once() -> None:
    async def test() -> None:
        async def handler(peer: Peer) -> None:
            await peer.request()
            await peer.say(CHUNKED, b"2\r\nok\r\n")
            assert await peer.reader.read() == b""

        async with Server(handler, says(SIZED)) as server:
            response = await server.ask()
            async for part in response.aiter_raw():
                assert part == b"ok"
                break
            await response.aclose()
            await server.peers[0].ended.wait()
            assert await server.read() == b"ok"

    run(test())


def test_a_reader_that_is_slow_holds_the_sender_back() -> None:
    async def test() -> None:
        size = 64 * 1024 * 1024
        sent = 0

        async def handler(peer: Peer) -> None:
            nonlocal sent
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            while sent < size:
                peer.writer.write(b"x" * 65536)
                sent += 65536
                await peer.writer.drain()

        async with Server(handler) as server:
            response = await server.ask()
            await asyncio.sleep(0.3)
            assert sent < size / 2
            assert len(await response.aread()) == size
            await response.aclose()

    run(test())
