"""Running an app on open sockets: in the foreground until Ctrl-C, or in a thread."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.listening import open_socket
from ollama_claude_proxy.errors import OcpError

_SHUTDOWN_SECONDS = 4  # for running answers to end; `serve` promises five for all of it
_START_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 75  # a person thinks longer than uvicorn's 5 s between two requests


class _Server(uvicorn.Server):
    """A server that shuts down cleanly at the first signal, and at once at the second.

    uvicorn raises the signal again after the shutdown, so that the process dies of it; but Ctrl-C
    is the ordinary way to stop this server.
    """

    def __init__(self, app: Any, on_ready: Callable[[], None]) -> None:
        super().__init__(_config(app))
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        previous = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's
        if self.should_exit:
            self.force_exit = True
        self.stop()

    def stop(self) -> None:
        """End running answers with an error event, then stop the server without log lines."""
        # uvicorn logs an error for every client that did not read to the end
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        self.should_exit = True
        engine = getattr(getattr(self.config.app, "state", None), "engine", None)
        if engine is not None:
            engine.shutdown()


def serve(app: Any, sockets: list[socket.socket], on_ready: Callable[[], None]) -> None:
    """Serve a Starlette app until Ctrl-C or SIGTERM; call `on_ready` once it serves.

    The first signal stops it within five seconds; a second one at once, with the exit code of
    Ctrl-C.
    """
    server = _Server(app, on_ready)
    asyncio.run(server.serve(sockets))
    if server.force_exit:
        raise SystemExit(output.ExitCode.INTERRUPTED)


@contextmanager
def serve_in_thread(app: Any, listener: socket.socket) -> Iterator[str]:
    """Serve a Starlette app in a thread until the block ends; yield its URL.

    Raises OcpError if it does not start.
    """
    started = threading.Event()
    server = _Server(app, started.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        if not started.wait(_START_SECONDS):
            raise OcpError("A server inside this program did not start.", remedy="Try again.")
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        thread.join(_SHUTDOWN_SECONDS + 1)


def open_free_socket() -> socket.socket:
    """Return a socket that listens on a free port of the loopback interface."""
    return open_socket("127.0.0.1", 0)


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
