"""Running an app on open sockets: in the foreground until Ctrl-C, or beside other work."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.errors import OcpError

_GRACE = 4  # seconds in which answers end; with the rest of the work, five are promised
_START = 10.0
_KEEP_ALIVE = 75  # seconds; a person thinks longer than uvicorn's 5 between two requests


class _Server(uvicorn.Server):
    """A server that a signal ends in good order, and a second one at once.

    uvicorn raises the signal again when it has ended, so that the process dies of it; for a server
    that a person stops, Ctrl-C is the ordinary end.
    """

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
        """End running answers with an error event, then the server."""
        self.should_exit = True
        services = getattr(getattr(self.config.app, "state", None), "services", None)
        if services is not None:
            services.shutdown()


def serve(app: Any, sockets: list[socket.socket]) -> None:
    """Serve a Starlette app until Ctrl-C or SIGTERM.

    A first signal ends it within five seconds; a second one at once, with the exit code of Ctrl-C.
    """
    server = _server(app)
    asyncio.run(server.serve(sockets))
    if server.force_exit:
        raise SystemExit(output.ExitCode.INTERRUPTED)


@contextmanager
def serving(app: Any, listener: socket.socket) -> Iterator[str]:
    """Serve a Starlette app in a thread until the block ends; give its URL.

    Raises OcpError when it does not start.
    """
    server = _server(app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        thread.join(_GRACE + 1)


def free_socket() -> socket.socket:
    """Give a socket that listens on a free port of this machine."""
    return socket.create_server(("127.0.0.1", 0))


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise OcpError("A server inside this program did not start.", remedy="Try again.")
        time.sleep(0.005)


def _server(app: Any) -> _Server:
    return _Server(
        uvicorn.Config(
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
    )
