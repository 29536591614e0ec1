"""A scripted Ollama on a real socket, with the wire format of the real one.

It runs in its own thread: `with FakeOllama() as fake: …`. Answers come from `fake.script(…)`, one
per request, from `fake.respond`, or are a short greeting. `fake.chats` has the requests, and
`fake.prompt_of` returns the prompt that the model was shown.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from support.fake_answer_sender import send_answer
from support.fake_answers import (
    Answer,
    Call,
    ConnectionReset,
    Disconnect,
    Done,
    EndOfBody,
    Failure,
    InvalidBytes,
    Line,
    LostText,
    Pause,
    RawText,
    Step,
    Thinking,
    WaitFor,
    answer,
    recorded_answer,
)
from support.fake_chat_lines import error_line, load_reply, rendering_reply
from support.fake_endpoints import has_foreign_host
from support.fake_http import JSON_WITHOUT_CHARSET, Request, read_request, send
from support.fake_models import FakeModel, library
from support.fake_refusals import find_refusal
from support.fake_runners import Runners
from support.timeouts import HANG_SECONDS

__all__ = [
    "Answer",
    "Call",
    "ConnectionReset",
    "Disconnect",
    "Done",
    "EndOfBody",
    "Failure",
    "FakeModel",
    "FakeOllama",
    "InvalidBytes",
    "Line",
    "LostText",
    "Pause",
    "RawText",
    "Step",
    "Thinking",
    "WaitFor",
    "answer",
    "recorded_answer",
]


class FakeOllama(Runners):
    """A server that can be stopped and started again at the same port.

    It serves at `port`, or at a free one. `slots` gives it llama.cpp's prompt cache; `Runners`
    describes how to use that.
    """

    def __init__(
        self,
        *models: FakeModel,
        version: str = "0.32.15",
        slots: int | None = None,
        ram_tokens: int | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(models or library(), version, slots, ram_tokens)
        self.requests: list[Request] = []
        self.disconnects = 0
        self.respond: Callable[[dict[str, Any]], Answer] | None = None
        self._answers: list[Answer] = []
        self._port = port
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def chats(self) -> list[dict[str, Any]]:
        """The bodies of all `/api/chat` requests, except those that only ask for the prompt."""
        return [body for body in self._chat_bodies() if not _asks_for_prompt(body)]

    @property
    def renderings(self) -> list[dict[str, Any]]:
        """The bodies of the `/api/chat` requests that only ask for the prompt."""
        return [body for body in self._chat_bodies() if _asks_for_prompt(body)]

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
        self._run_in_loop(self._listen())

    def stop(self) -> None:
        """Crash, even within an answer: close the port and all connections, unload all models."""
        if self._thread is None:
            return
        self._run_in_loop(self._crash())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None
        self.unload_all()

    def wait_for(self, condition: Callable[[], bool], seconds: float = HANG_SECONDS) -> None:
        """Wait until a condition holds; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
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

    def _chat_bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests if request.path == "/api/chat"]

    def _run_in_loop(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._connection, "127.0.0.1", self._port, limit=2**26
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def _crash(self) -> None:
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
                if has_foreign_host(request):
                    await send(writer, 403, "", "")
                elif request.path == "/api/chat" and request.method == "POST":
                    await self._chat(request, reader, writer)
                else:
                    await self.serve_other(request, writer)
                if request.closes_connection:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _chat(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        model = await self.read_chat_request(request, writer)
        if model is None:
            return
        body, stream = request.body, request.body.get("stream", True)
        refusal = find_refusal(body, model, self.count_prompt)
        if refusal is not None and refusal.late and stream:
            error = error_line(refusal.error)
            await send(writer, refusal.status, error, JSON_WITHOUT_CHARSET, chunked=True)
        elif refusal is not None:
            await send(writer, refusal.status, error_line(refusal.error))
        elif not body.get("messages"):
            await self._load(body, model, writer)
        elif _asks_for_prompt(body):
            await self.load(body, model)
            await send(writer, 200, rendering_reply(body["model"], self.prompt_of(body)))
        else:
            await self._until_disconnect(request, reader, self._answer(body, model, writer))

    async def _answer(
        self, body: dict[str, Any], model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        """Send the next answer; a client that leaves while it waits uses up none of the script."""
        async with self.run_turn(body, model) as lines:
            await send_answer(
                self._next_answer(body), lines, writer, stream=body.get("stream", True)
            )

    async def _load(
        self, body: dict[str, Any], model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        """Load or unload the model, as a request without messages does."""
        unload = body.get("keep_alive") in {0, "0"}
        if unload:
            self.unload(model)
        else:
            await self.load(body, model)
        await send(writer, 200, load_reply(body["model"], "unload" if unload else "load"))

    async def _until_disconnect(
        self, request: Request, reader: asyncio.StreamReader, answering: Coroutine[Any, Any, None]
    ) -> None:
        """Answer until the end, or until the client disconnects."""
        answer_task = asyncio.ensure_future(answering)
        disconnect = asyncio.ensure_future(_wait_for_disconnect(reader))
        try:
            await asyncio.wait({answer_task, disconnect}, return_when=asyncio.FIRST_COMPLETED)
            is_broken = answer_task.done() and isinstance(answer_task.exception(), ConnectionError)
            if is_broken or not answer_task.done():
                request.abandoned = True
                self.disconnects += 1
        finally:
            for task in (answer_task, disconnect):
                task.cancel()
        for task in (answer_task, disconnect):
            with suppress(asyncio.CancelledError, ConnectionError):
                await task

    def _next_answer(self, body: dict[str, Any]) -> Answer:
        if self._answers:
            return self._answers.pop(0)
        return self.respond(body) if self.respond else answer("Hello", " there", ".")


def _asks_for_prompt(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("_debug_render_only"))


async def _wait_for_disconnect(reader: asyncio.StreamReader) -> None:
    """Wait until the client closes its side; it sends nothing while an answer runs."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110  # no event for it
        await asyncio.sleep(0.005)
