"""Running an app on open sockets: in the foreground until Ctrl-C, or beside other work."""

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

_GRACE = 4  # seconds in which answers end; with the rest of the work, five are promised
_START = 10.0
_KEEP_ALIVE = 75  # seconds; a person thinks longer than uvicorn's 5 between two requests


class _Server(uvicorn.Server):
    """A server that a signal ends in good order, and a second one at once.

    uvicorn raises the signal again when it has ended, so that the process dies of it; for a server
    that a person stops, Ctrl-C is the ordinary end.
    """

    def __init__(self, app: Any, ready: Callable[[], None]) -> None:
        super().__init__(_config(app))
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's
        if self.should_exit:
            self.force_exit = True
        self.stop()

    def stop(self) -> None:
        """End running answers with an error event, then the server, and that quietly."""
        # uvicorn complains of every client that did not read to the end
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        self.should_exit = True
        services = getattr(getattr(self.config.app, "state", None), "services", None)
        if services is not None:
            services.shutdown()


def serve(app: Any, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Serve a Starlette app until Ctrl-C or SIGTERM; `ready` is called once it serves.

    A first signal ends it within five seconds; a second one at once, with the exit code of Ctrl-C.
    """
    server = _Server(app, ready)
    asyncio.run(server.serve(sockets))
    if server.force_exit:
        raise SystemExit(output.ExitCode.INTERRUPTED)


@contextmanager
def serving(app: Any, listener: socket.socket) -> Iterator[str]:
    """Serve a Starlette app in a thread until the block ends; give its URL.

    Raises OcpError when it does not start.
    """
    serves = threading.Event()
    server = _Server(app, serves.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        if not serves.wait(_START):
            raise OcpError("A server inside this program did not start.", remedy="Try again.")
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        thread.join(_GRACE + 1)


def free_socket() -> socket.socket:
    """Give a socket that listens on a free port of this machine."""
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
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
