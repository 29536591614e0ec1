"""A proxy in a process of its own, for as long as `ocp claude` runs."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from ollama_claude_proxy.cli.proxy import RunningProxy, find_running_proxy
from ollama_claude_proxy.errors import OcpError, SettingInvalid
from ollama_claude_proxy.settings import Settings

_START_SECONDS = 30.0  # for a proxy to start; half a second is usual
_STOP_SECONDS = 7.0  # for it to stop; running answers get 5 s to end
_POLL_SECONDS = 0.05


def find_free_port(host: str) -> int:
    """Return a free port on `host`; raises SettingInvalid if none can be opened there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as listener:
            listener.bind((host, 0))
            port: int = listener.getsockname()[1]
    except OSError as error:
        raise SettingInvalid(
            f"The setting 'host' is {host!r}, where no port can be opened ({error.strerror}).",
            remedy="See where it comes from with `ocp config`.",
        ) from error
    return port


@contextmanager
def run_child_proxy(settings: Settings, port: int) -> Iterator[RunningProxy]:
    """Run `ocp serve` on `port` until the block ends; yield its health report.

    Its log goes to an unnamed file, not to Claude Code's screen; the last line is shown if it does
    not start. It has a session of its own, so that the terminal's Ctrl-C reaches only Claude Code.
    """
    # -P: no file in the current folder may replace one of Python's modules
    command = [sys.executable, "-P", "-m", "ollama_claude_proxy", "serve", "--no-preflight"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # this program itself
            [*command, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield _wait_until_ready(settings, port, process, log)
        finally:
            _stop(process)


def _wait_until_ready(
    settings: Settings, port: int, process: subprocess.Popen[bytes], log: IO[bytes]
) -> RunningProxy:
    """Wait until the proxy answers, and return its health report.

    Raises OcpError, with the last line of its log, if it ends or takes too long.
    """
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # the report may wait a second for Ollama
        running = find_running_proxy(settings, port, timeout=2.0)
        if running is not None:
            return running
        time.sleep(_POLL_SECONDS)
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    last_line = f" Its last message: {lines[-1].strip()}" if lines else ""
    raise OcpError(
        f"The proxy did not start.{last_line}", remedy="Start it yourself with `ocp serve`."
    )


def _stop(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
