"""A scripted Ollama on a real socket that speaks the wire as the real one does.

It runs in a thread of its own: `with FakeOllama() as fake: …`. Answers come from `fake.script(…)`,
one a request, from `fake.respond`, or are a short greeting. What was asked is in `fake.chats`.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from support.fake_answers import (
    Answer,
    Call,
    Done,
    Eof,
    Failure,
    Garbage,
    Line,
    Pause,
    Reset,
    Step,
    Thinking,
    Until,
    Writer,
    answer,
    go_json,
    joined,
)
from support.fake_models import FakeModel, library
from support.fake_refusals import refusal

__all__ = [
    "Answer",
    "Call",
    "Done",
    "Eof",
    "Failure",
    "FakeModel",
    "FakeOllama",
    "Garbage",
    "Line",
    "Pause",
    "Reset",
    "Step",
    "Thinking",
    "Until",
    "answer",
]

_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
_PLAIN = "text/plain"
_JSON = "application/json; charset=utf-8"


@dataclass
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(default_factory=dict)


def quarter(body: dict[str, Any]) -> int:
    """Count tokens as a quarter of the characters of messages and tools."""
    return len(json.dumps([body.get("messages"), body.get("tools")])) // 4


class FakeOllama:
    """A server that can be stopped and started again at the same port."""

    def __init__(self, *models: FakeModel, version: str = "0.32.15") -> None:
        self.models = {model.name: model for model in models or library()}
        self.version = version
        self.requests: list[Request] = []
        self.loaded: dict[str, int] = {}
        self.pulls: list[dict[str, Any]] = []
        self.disconnects = 0
        self.respond: Callable[[dict[str, Any]], Answer] | None = None
        self.count: Callable[[dict[str, Any]], int] = quarter
        self._answers: list[Answer] = []
        self._port = 0
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of all `/api/chat` requests."""
        return [request.body for request in self.requests if request.path == "/api/chat"]

    def script(self, *answers: Answer) -> None:
        """Add answers, one for each `/api/chat` request to come."""
        self._answers += answers

    def start(self) -> None:
        """Serve, at the same port as before."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        """Die: close the port and reset every connection."""
        if self._thread is None:
            return
        self._run(self._die())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None

    def wait_for(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something is so; fail when it does not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._connection, "127.0.0.1", self._port, limit=2**26
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def _die(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while request := await _read(reader):
                self.requests.append(request)
                await self._answer(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request.body = json.loads(request.raw or b"{}")
        except ValueError:
            await _send(writer, 400, go_json({"error": "unexpected EOF"}))
            return
        match request.method, request.path:
            case (("GET" | "HEAD"), "/"):
                await _send(writer, 200, "Ollama is running", _PLAIN)
            case "GET", "/api/version":
                await _send(writer, 200, go_json({"version": self.version}))
            case "GET", "/api/tags":
                await _send(
                    writer, 200, go_json({"models": [m.tag() for m in self.models.values()]})
                )
            case "GET", "/api/ps":
                running = [self.models[name].running(size) for name, size in self.loaded.items()]
                await _send(writer, 200, go_json({"models": running}))
            case "POST", "/api/show":
                await self._show(request, writer)
            case "POST", "/api/pull":
                await self._pull(request, writer)
            case "POST", "/api/chat":
                await self._chat(request, reader, writer)
            case _, ("/api/chat" | "/api/show" | "/api/pull"):
                await _send(writer, 405, "405 method not allowed", _PLAIN)
            case _:
                await _send(writer, 404, "404 page not found", _PLAIN)

    def _model(self, name: str) -> FakeModel | None:
        return self.models.get(name) or self.models.get(f"{name}:latest")

    async def _show(self, request: Request, writer: asyncio.StreamWriter) -> None:
        model = self._model(request.body.get("model", ""))
        if model is None:
            await _send(writer, 404, _not_found(request))
        else:
            await _send(writer, 200, go_json(model.show()))

    async def _pull(self, request: Request, writer: asyncio.StreamWriter) -> None:
        name = request.body["model"]
        lines = self.pulls or [{"status": "pulling manifest"}, {"status": "success"}]
        await _head(writer, 200, "application/x-ndjson")
        for line in lines:
            await _chunk(writer, go_json(line).encode() + b"\n")
            await asyncio.sleep(0.02)
        if lines[-1].get("status") == "success":
            self.models[name] = FakeModel(name)
        await _chunk(writer, b"")

    async def _chat(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = request.body
        model = self._model(body.get("model", ""))
        if model is None:
            await _send(writer, 404, _not_found(request))
            return
        refused = refusal(body, model.capabilities, native=model.native, count=self.count)
        if refused is not None:
            await _send(writer, refused[0], go_json({"error": refused[1]}))
            return
        self.loaded[model.name] = model.size
        said = self._next(body)
        lines = Writer(model.name, model.native, self.count(body))
        playing = asyncio.ensure_future(_play(said, lines, writer, stream=body.get("stream", True)))
        gone = asyncio.ensure_future(_gone(reader))
        await asyncio.wait({playing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            self.disconnects += 1
        for task in (playing, gone):
            task.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await task

    def _next(self, body: dict[str, Any]) -> Answer:
        if self._answers:
            return self._answers.pop(0)
        return self.respond(body) if self.respond else answer("Hello", " there", ".")


async def _gone(reader: asyncio.StreamReader) -> None:
    """Wait until the client closes its side; it sends nothing while an answer runs."""
    while not reader.at_eof():  # noqa: ASYNC110  # a reader has no event for it
        await asyncio.sleep(0.005)


def _not_found(request: Request) -> str:
    return go_json({"error": f"model '{request.body.get('model', '')}' not found"})


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split()
    headers: dict[str, str] = {}
    while (raw := await reader.readline()) != b"\r\n":
        name, _, value = raw.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


async def _play(said: Answer, lines: Writer, writer: asyncio.StreamWriter, *, stream: bool) -> None:
    """Send an answer step by step, or as one object when it is not to be streamed."""
    if said.status != 200 or not stream:
        await _whole(said, lines, writer)
        return
    started = False
    ready: list[bytes] = []
    for step in said.steps:
        if isinstance(step, Failure) and not started and not ready:
            await _send(writer, step.status, go_json({"error": step.error}))
            return
        if await _pause(step):
            continue
        if not started:
            await _head(writer, 200, said.content_type)
            started = True
        if isinstance(step, Reset):
            writer.transport.abort()
            return
        ready += _bytes(step, lines)
        if not said.together:
            await _flush(writer, ready, said.chunk)
    await _flush(writer, ready, said.chunk)
    await _chunk(writer, b"")


async def _pause(step: Step) -> bool:
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return True
    if isinstance(step, Until):
        while not step.event.is_set():  # noqa: ASYNC110  # it belongs to another thread
            await asyncio.sleep(0.005)
        return True
    return False


def _bytes(step: Step, lines: Writer) -> Iterable[bytes]:
    if isinstance(step, Garbage):
        return [step.data]
    if isinstance(step, Eof):
        return []
    line = lines.line(step)
    return [] if line is None else [line.encode("utf-8", "surrogatepass") + b"\n"]


async def _flush(writer: asyncio.StreamWriter, ready: list[bytes], size: int) -> None:
    """Write what is ready: each line as an HTTP chunk, in pieces of `size` bytes if not 0."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(data), data) for data in ready)
    ready.clear()
    step = size or len(framed) or 1
    for start in range(0, len(framed), step):
        writer.write(framed[start : start + step])
        await writer.drain()
        if size:
            await asyncio.sleep(0)


async def _whole(said: Answer, lines: Writer, writer: asyncio.StreamWriter) -> None:
    written = [line for step in said.steps if (line := _line(step, lines)) is not None]
    if said.status != 200:
        await _send(writer, said.status, "".join(written), said.content_type)
    else:
        await _send(writer, 200, go_json(joined(written)))


def _line(step: Step, lines: Writer) -> str | None:
    return None if isinstance(step, Eof | Pause | Until | Reset | Garbage) else lines.line(step)


async def _send(writer: asyncio.StreamWriter, status: int, body: str, kind: str = _JSON) -> None:
    data = body.encode()
    reason = _REASONS.get(status, "Status")
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}"
    writer.write(head.encode() + b"\r\n\r\n" + data)
    await writer.drain()


async def _head(writer: asyncio.StreamWriter, status: int, kind: str) -> None:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())


async def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
    await writer.drain()
