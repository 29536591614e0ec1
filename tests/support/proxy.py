"""The proxy on a real socket, in a thread of the test's own process."""

import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn

from ollama_claude_proxy.app import create_app
from ollama_claude_proxy.settings import Settings
from support.timeouts import HANG_SECONDS


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Proxy:
    """Runs the app with `settings`; `client` sends requests to it."""

    def __init__(
        self,
        ollama_url: str,
        *,
        cache: Path | None = None,
        data: Path | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings(ollama_url=ollama_url, port=free_port(), **settings)
        self.url = f"http://127.0.0.1:{self.settings.port}"
        self.app = create_app(self.settings, cache=cache, data=data)
        config = uvicorn.Config(
            self.app, port=self.settings.port, log_config=None, timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        # Nothing is encrypted here, and reading all certificates takes longer than the start.
        self.client = httpx.Client(
            base_url=self.url, timeout=HANG_SECONDS, trust_env=False, verify=False
        )

    def create_message(self, **request: Any) -> httpx.Response:
        """Send a Messages request; the required fields have small defaults."""
        body = {
            "model": "claude-opus-5-5",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": "Hi"}],
        }
        return self.client.post("/v1/messages", json=body | request)

    def shutdown(self) -> None:
        """Tell running answers that the proxy is shutting down, as `ocp serve` does."""
        self.app.state.engine.shutdown()

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + HANG_SECONDS
        while not self._server.started:
            assert time.monotonic() < deadline, "the proxy did not start"
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(HANG_SECONDS)
