"""A fast stand-in for Ollama: a process that answers `/api/chat` with prepared lines.

It must not be what is measured, so it parses no prompt (the bytes are counted and dropped) and
encodes nothing while it writes. `POST /bench/script` sets what it streams:

    deltas  how many lines
    rate    lines per second; 0 is as fast as the reader reads
    batch   lines per write, if `rate` is 0

Usage: python bench/fake.py PORT
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

from answer import chunks

MODEL = "bench:latest"
_CONTEXT = 1_048_576  # tokens: the largest body must fit
_DETAILS = {
    "format": "gguf",
    "family": "qwen2",
    "parameter_size": "7.6B",
    "quantization_level": "Q4_K_M",
}
_ENTRY = {"name": MODEL, "model": MODEL, "size": 4_683_087_332, "digest": "5" * 64}
_ANSWERS: dict[str, dict[str, Any]] = {
    "/api/version": {"version": "0.32.15"},
    "/api/tags": {"models": [{**_ENTRY, "details": _DETAILS, "capabilities": ["completion"]}]},
    "/api/ps": {"models": []},
    "/api/show": {
        "template": "{{ .Prompt }}",
        "details": _DETAILS,
        "model_info": {"general.architecture": "qwen2", "qwen2.context_length": _CONTEXT},
        "capabilities": ["completion", "tools"],
    },
}
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
)


@dataclass
class Script:
    """The shape of every answer."""

    deltas: int = 64
    rate: float = 0.0
    batch: int = 8


class Connection(asyncio.Protocol):
    """One connection; requests arrive one after the other."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._head = b""
        self._path = ""
        self._missing_bytes = 0
        self._small_body = b""
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the answer, because the reader disconnected."""
        del exc
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """Pause the answer until the reader has caught up."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Resume the answer."""
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        """Read the head, then count the body."""
        if self._missing_bytes == 0:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head, self._small_body = b"", b""
            self._read_head(head)
        if self._path != "/api/chat":
            self._small_body += data
        self._missing_bytes -= len(data)
        if self._missing_bytes <= 0:
            self._missing_bytes = 0
            self._respond()

    def _read_head(self, head: bytes) -> None:
        first, *rest = head.decode("latin-1").split("\r\n")
        self._path = first.split(" ")[1].partition("?")[0]
        fields = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
        self._missing_bytes = int(fields.get("content-length", "0"))

    def _respond(self) -> None:
        if self._path == "/api/chat":
            self._task = asyncio.get_running_loop().create_task(self._answer())
            return
        if self._path == "/bench/script":
            self._set_script(json.loads(self._small_body))
        body = json.dumps(_ANSWERS.get(self._path, {})).encode()
        kind = b"content-type: application/json; charset=utf-8"
        head = b"HTTP/1.1 200 OK\r\n%b\r\ncontent-length: %d\r\n\r\n" % (kind, len(body))
        self._transport.write(head + body)

    def _set_script(self, settings: dict[str, Any]) -> None:
        self._script.deltas = settings["deltas"]
        self._script.rate = settings["rate"]
        self._script.batch = settings["batch"]

    async def _answer(self) -> None:
        script = self._script
        lines = chunks(script.deltas)
        # Go's server sends its headers with the first line.
        if script.rate:
            await self._answer_at_rate(lines, 1 / script.rate)
            return
        for start in range(0, len(lines), script.batch):
            data = b"".join(lines[start : start + script.batch])
            self._transport.write(data if start else _HEAD + data)
            await self._can_write.wait()
            await asyncio.sleep(0)  # let the other streams run

    async def _answer_at_rate(self, lines: tuple[bytes, ...], interval: float) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        for index, line in enumerate(lines):
            if (wait := started + index * interval - loop.time()) > 0:
                await asyncio.sleep(wait)
            self._transport.write(line if index else _HEAD + line)


async def serve(port: int) -> None:
    """Serve forever."""
    script = Script()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(script), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
