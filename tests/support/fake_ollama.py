"""A scripted Ollama on a real socket that speaks the wire as the real one does.

It runs in a thread of its own: `with FakeOllama() as fake: …`. Answers come from `fake.script(…)`,
one a request, from `fake.respond`, or are a short greeting. What was asked is in `fake.chats`, and
`fake.prompt_of` gives what the model was shown.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from support.fake_answers import (
    Answer,
    Call,
    Cut,
    Done,
    Eof,
    Failure,
    Garbage,
    Line,
    Lost,
    Pause,
    Raw,
    Reset,
    Step,
    Thinking,
    Until,
    answer,
    recorded,
)
from support.fake_endpoints import foreign
from support.fake_http import LATE_JSON, Request, read_request, send
from support.fake_lines import error_line, rendered, unstreamed
from support.fake_models import FakeModel, library
from support.fake_playing import play
from support.fake_refusals import refusal
from support.fake_runners import Runners

__all__ = [
    "Answer",
    "Call",
    "Cut",
    "Done",
    "Eof",
    "Failure",
    "FakeModel",
    "FakeOllama",
    "Garbage",
    "Line",
    "Lost",
    "Pause",
    "Raw",
    "Reset",
    "Step",
    "Thinking",
    "Until",
    "answer",
    "recorded",
]


class FakeOllama(Runners):
    """A server that can be stopped and started again at the same port.

    `slots` gives it llama.cpp's prefix cache; `Runners` says how that is set up and read.
    """

    def __init__(
        self,
        *models: FakeModel,
        version: str = "0.32.15",
        slots: int | None = None,
        ram_tokens: int | None = None,
    ) -> None:
        super().__init__(models or library(), version, slots, ram_tokens)
        self.requests: list[Request] = []
        self.disconnects = 0
        self.respond: Callable[[dict[str, Any]], Answer] | None = None
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
        """The bodies of all `/api/chat` requests, save those that only asked for a prompt."""
        return [body for body in self._asked() if not _only_renders(body)]

    @property
    def renderings(self) -> list[dict[str, Any]]:
        """The bodies of those that only asked for a prompt."""
        return [body for body in self._asked() if _only_renders(body)]

    def add_model(self, name: str, **facts: Any) -> FakeModel:
        """Install a model; `facts` are the fields of `FakeModel`."""
        self.models[name] = FakeModel(name, **facts)
        return self.models[name]

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
        """Die, also in mid-answer: close the port and every connection, forget what is loaded."""
        if self._thread is None:
            return
        self._run(self._die())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None
        self.forget()

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

    def _asked(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests if request.path == "/api/chat"]

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
            while request := await read_request(reader):
                self.requests.append(request)
                if foreign(request):
                    await send(writer, 403, "", "")
                elif request.path == "/api/chat" and request.method == "POST":
                    await self._chat(request, reader, writer)
                else:
                    await self.neighbour(request, writer)
                if request.closes:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _chat(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        model = await self.asked(request, writer)
        if model is None:
            return
        body, stream = request.body, request.body.get("stream", True)
        refused = refusal(body, model, self.counted)
        if refused is not None and refused.late and stream:
            error = error_line(refused.error)
            await send(writer, refused.status, error, LATE_JSON, chunked=True)
        elif refused is not None:
            await send(writer, refused.status, error_line(refused.error))
        elif not body.get("messages"):
            await self._load(body, model, writer)
        elif _only_renders(body):
            await self.ready(body, model)
            await send(writer, 200, rendered(body["model"], self.prompt_of(body)))
        else:
            await self._while_heard(request, reader, self._answer(body, model, writer))

    async def _answer(
        self, body: dict[str, Any], model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        """Say what is next; who leaves before its turn has used up no answer of the script."""
        async with self.turn(body, model) as lines:
            await play(self._next(body), lines, writer, stream=body.get("stream", True))

    async def _load(
        self, body: dict[str, Any], model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        """A request without messages loads the model, or unloads it."""
        unload = body.get("keep_alive") in {0, "0"}
        if unload:
            self.unload(model)
        else:
            await self.ready(body, model)
        await send(writer, 200, unstreamed(body["model"], "unload" if unload else "load"))

    async def _while_heard(
        self, request: Request, reader: asyncio.StreamReader, playing: Coroutine[Any, Any, None]
    ) -> None:
        """Answer until the end, or until the client goes away."""
        answering = asyncio.ensure_future(playing)
        gone = asyncio.ensure_future(_gone(reader))
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            broken = answering.done() and isinstance(answering.exception(), ConnectionError)
            if broken or not answering.done():
                request.abandoned = True
                self.disconnects += 1
        finally:
            for task in (answering, gone):
                task.cancel()
        for task in (answering, gone):
            with suppress(asyncio.CancelledError, ConnectionError):
                await task

    def _next(self, body: dict[str, Any]) -> Answer:
        if self._answers:
            return self._answers.pop(0)
        return self.respond(body) if self.respond else answer("Hello", " there", ".")


def _only_renders(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("_debug_render_only"))


async def _gone(reader: asyncio.StreamReader) -> None:
    """Wait until the client closes its side; it sends nothing while an answer runs."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110  # no event for it
        await asyncio.sleep(0.005)
