"""Whatever runs in the background when the proxy is stopped, no task of it is left."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from ollama_claude_proxy.app import create_app
from ollama_claude_proxy.settings import Settings
from support.client_requests import first_request, session_headers
from support.fake_http import Request
from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama, WaitFor, answer
from support.long_sessions import generate_session

MAIN, SMALL = "qwen2.5-coder:7b", "qwen2.5:0.5b"
EMBEDDING = FakeModel("nomic-embed-text:latest", capabilities=frozenset({"embedding"}))
TITLE = {"messages": [{"role": "user", "content": "A title, please."}], "max_tokens": 20}
# Seconds; an older list of models is read again.
LIST_IS_OLD = 5.1


class SilentOllama(FakeOllama):
    """An Ollama that never answers at the paths in `silent`, and has no answer to the chats."""

    silent: frozenset[str] = frozenset()

    async def serve_other(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path in self.silent:
            await asyncio.Event().wait()
        await super().serve_other(request, writer)

    def times_asked(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def hang(self) -> None:
        """Say nothing to the next chat."""
        self.script(answer(WaitFor(threading.Event())))


def long_session(turns: int = 120) -> dict[str, Any]:
    messages = [message for step in generate_session(1, turns) for message in step.messages]
    return first_request("") | {"messages": messages}


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        await asyncio.sleep(0.005)


async def ask(client: httpx.AsyncClient, body: dict[str, Any], kind: str = "main") -> None:
    full = {"model": "claude-opus-5-5", "max_tokens": 200, **body}
    reply = await client.post("/v1/messages", json=full, headers=session_headers("s", kind=kind))
    assert reply.status_code == 200, reply.text


@asynccontextmanager
async def serving(
    fake: FakeOllama, data: Path | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve in this loop; at the end no task may be left that was not there before."""
    before = asyncio.all_tasks()
    app = create_app(Settings(ollama_url=fake.url, **settings), data=data)
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        app.router.lifespan_context(app),
    ):
        yield client
    left = asyncio.all_tasks() - before
    assert not left, left


def test_nothing_is_left_of_a_proxy_that_nobody_asked(tmp_path: Path) -> None:
    async def story(fake: FakeOllama) -> None:
        async with serving(fake, tmp_path / "sessions.db"):
            pass
        async with serving(fake, tmp_path / "sessions.db"):  # there is a file that is pruned
            pass

    with SilentOllama() as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_where_ollama_is_asked_what_is_loaded() -> None:
    async def story(fake: SilentOllama) -> None:
        async with serving(fake) as client:
            fake.silent = frozenset({"/api/ps"})
            await ask(client, first_request("Hi"))
            await until(lambda: fake.times_asked("/api/ps") == 1)

    with SilentOllama() as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_where_it_is_tried_whether_a_small_model_fits() -> None:
    async def story(fake: SilentOllama) -> None:
        async with serving(fake) as client:
            await ask(client, first_request("Hi"))
            await until(lambda: fake.times_asked("/api/ps") == 1)
            fake.respond = lambda _body: fall_silent(fake)
            await ask(client, TITLE, kind="auxiliary")
            assert fake.chats[-1]["model"] == SMALL
            await until(lambda: fake.times_asked("/api/ps") == 4)

    def fall_silent(fake: SilentOllama) -> Any:
        fake.silent = frozenset({"/api/ps"})
        return answer("A title")

    with SilentOllama(FakeModel(MAIN), FakeModel(SMALL, size=400_000_000), slots=1) as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_of_a_summary_that_is_being_written() -> None:
    async def story(fake: SilentOllama) -> None:
        async with serving(fake, num_ctx=8192, summarize="model") as client:
            fake.script(answer("Ok."))
            fake.hang()
            await ask(client, long_session())
            await until(lambda: len(fake.chats) == 2)

    with SilentOllama() as fake:
        asyncio.run(story(fake))
        assert fake.chats[-1]["messages"][-1]["content"].endswith("Sum that up.")


def test_nothing_is_left_of_a_head_that_is_read_ahead(tmp_path: Path) -> None:
    async def story(fake: SilentOllama) -> None:
        data = tmp_path / "sessions.db"
        async with serving(fake, data) as client:
            await ask(client, first_request("Hi"))
        fake.hang()
        async with serving(fake, data):
            await until(lambda: len(fake.chats) == 2)

    with SilentOllama() as fake:
        asyncio.run(story(fake))
        fake.wait_for(lambda: fake.disconnects == 1)


def test_nothing_is_left_where_the_model_to_read_ahead_is_not_known_yet(tmp_path: Path) -> None:
    async def story(fake: SilentOllama) -> None:
        data = tmp_path / "sessions.db"
        async with serving(fake, data) as client:
            await ask(client, first_request("Hi"))
        fake.silent = frozenset({"/api/tags"})
        asked = fake.times_asked("/api/tags")
        async with serving(fake, data):
            await until(lambda: fake.times_asked("/api/tags") > asked)

    with SilentOllama() as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_of_passages_that_are_embedded() -> None:
    async def story(fake: SilentOllama) -> None:
        fake.silent = frozenset({"/api/embed"})
        async with serving(fake, num_ctx=8192) as client:
            await ask(client, long_session())
            await until(lambda: fake.times_asked("/api/embed") == 1)

    with SilentOllama(*library(), EMBEDDING) as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_of_a_list_of_models_that_is_read_again() -> None:
    async def story(fake: SilentOllama) -> None:
        async with serving(fake) as client:
            await ask(client, first_request("Hi"))
            await asyncio.sleep(LIST_IS_OLD)
            fake.silent = frozenset({"/api/tags"})
            asked = fake.times_asked("/api/tags")
            await ask(client, first_request("Hello"))
            await until(lambda: fake.times_asked("/api/tags") == asked + 1)

    with SilentOllama() as fake:
        asyncio.run(story(fake))


def test_nothing_is_left_of_an_answer_that_is_waited_for_and_one_behind_it() -> None:
    async def story(fake: SilentOllama) -> None:
        async with serving(fake) as client:
            fake.hang()
            asking = [
                asyncio.create_task(ask(client, first_request("One"))),
                asyncio.create_task(ask(client, first_request("Two"), kind="subagent")),
            ]
            await until(lambda: len(fake.chats) == 1)
            for task in asking:  # as a server does before it ends
                task.cancel()
            await asyncio.wait(asking)

    with SilentOllama() as fake:
        asyncio.run(story(fake))
        fake.wait_for(lambda: fake.disconnects == 1)
