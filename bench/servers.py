"""The processes: the fake Ollama, the floor, the proxy, and the load client."""

import contextlib
import http.client
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
PROXY = f"{Path(sys.executable).parent / 'ocp'} serve --no-preflight --port {{port}}"
FLOOR = f"{sys.executable} {HERE / 'floor.py'} {{port}} {{ollama}}"
FAKE = f"{sys.executable} {HERE / 'fake.py'} {{port}}"
_START_SECONDS = 120.0  # only ends a start that hangs
_POLL_SECONDS = 0.004


class BenchError(Exception):
    """A process did not work; the message says which and why."""


class Server:
    """A server process on a free port of the loopback address.

    `command` may contain `{port}` and `{ollama}`. It runs in `folder`, without the user's settings;
    `settings` are variables of its environment.
    """

    def __init__(
        self,
        name: str,
        command: str,
        folder: Path,
        ollama: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"{name}.log"
        arguments = shlex.split(command.format(port=self.port, ollama=ollama))
        self._started_at = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment(folder, ollama) | dict(settings or {}),
                stdout=log,
                stderr=log,
            )
        self.process = self._process.pid

    def __enter__(self) -> Self:
        self.started = self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def resident(self) -> float:
        """Return the resident memory of the process in megabytes."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6

    def _wait(self) -> float:
        """Return the seconds from the start of the process to its first 200 on /health."""
        while time.perf_counter() - self._started_at < _START_SECONDS:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if fetch(self.port, "GET", "/health") == 200:
                    return time.perf_counter() - self._started_at
            time.sleep(_POLL_SECONDS)
        self.__exit__()
        raise BenchError(f"{self.name!r} does not serve:\n{self._log.read_text()[-2000:]}")


class LoadClient:
    """The process that sends requests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "client.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)

    def run_job(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run a job; return the samples of each target."""
        if not self._process.stdin or not self._process.stdout:
            raise BenchError("the load client has no pipes")
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        result: dict[str, Any] = json.loads(self._process.stdout.readline() or "{}")
        if "error" in result or not result:
            raise BenchError(f"the load client stopped: {result.get('error', 'no result')}")
        return result


def fetch(port: int, method: str, path: str, body: object = None) -> int:
    """Send a request to a loopback server; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        response.read()
        return response.status


def environment(folder: Path, ollama: str = "") -> dict[str, str]:
    """Return an environment without the user's settings; the largest body fits the window."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "OCP_OLLAMA_URL": ollama or "http://127.0.0.1:9",
        "OCP_MODEL": "bench:latest",
        "OCP_NUM_CTX": "1048576",
        "OCP_PARALLEL": "1000",
    }


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def all_servers(folder: Path, proxy: str) -> Iterator[dict[str, Server]]:
    """Start the three servers; `direct` is the fake Ollama itself."""
    with (
        Server("direct", FAKE, folder) as fake,
        Server("floor", FLOOR, folder, fake.url) as floor,
        Server("ocp", proxy, folder, fake.url) as ocp,
    ):
        yield {"direct": fake, "floor": floor, "ocp": ocp}
