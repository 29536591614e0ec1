"""The proxy in a process that a test can kill at any moment and quickly restart."""

import multiprocessing
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from ollama_claude_proxy.app import create_app
from ollama_claude_proxy.settings import Settings
from support.timeouts import HANG_SECONDS

# Everything is imported once, in a process from which the others are forked.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["support.killable_proxy"])


class KillableProxy:
    """Serves until `kill`, which leaves no time for a shutdown."""

    def __init__(self, ollama_url: str, data: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._process = _CONTEXT.Process(target=_serve, args=(ollama_url, data, port), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        deadline = time.monotonic() + HANG_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "the proxy did not start"
            time.sleep(0.002)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._process.join(HANG_SECONDS)

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def _serve(ollama_url: str, data: Path, port: int) -> None:
    app = create_app(Settings(ollama_url=ollama_url, num_ctx=8192), data=data)
    uvicorn.run(app, port=port, log_config=None)
