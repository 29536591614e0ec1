"""A scripted llama-server: it answers `/completion` with events as the real one writes them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class CompletionServer:
    """Writes the `pieces`, then an event with the counts; `requests` has what was asked.

    Of each prompt, `cached` tokens are said to have been cached, and ten to have been read.
    """

    def __init__(self, *pieces: str, stop_type: str = "eos", cached: int = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.error = ""
        self._pieces = pieces
        self._stop_type = stop_type
        self._cached = cached
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def events(self) -> list[dict[str, Any]]:
        """Return the events of an answer."""
        timings = {
            "cache_n": self._cached,
            "prompt_n": 10,
            "prompt_ms": 20.5,
            "predicted_n": len(self._pieces) + 1,
            "predicted_ms": 31.0,
        }
        end = {"content": "", "stop": True, "stop_type": self._stop_type, "timings": timings}
        return [*({"content": piece, "stop": False} for piece in self._pieces), end]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                server.requests.append(json.loads(self.rfile.read(size)))
                self.send_response(500 if server.error else 200)
                self.end_headers()
                if server.error:
                    self.wfile.write(server.error.encode())
                    return
                for event in server.events():
                    self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

            def log_message(self, *_: object) -> None:
                return

        return Handler
