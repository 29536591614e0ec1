"""`ocp claude`: run Claude Code on the proxy, with a proxy of its own where none answers."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import IO, Annotated, Any, Self

import typer

from ollama_claude_proxy.cli import claude_code, output
from ollama_claude_proxy.cli.commands.env import LEAN_SAID
from ollama_claude_proxy.cli.proxy import RunningProxy, running_proxy
from ollama_claude_proxy.errors import OcpError, SettingInvalid
from ollama_claude_proxy.settings import Settings, environment, load_settings

_START = 30.0  # seconds for a proxy to come up; half a second is usual
_STOP = 7.0  # seconds for it to go; its answers get 5 to end in
_POLL = 0.05
_TERMINAL_SIGNALS = {getattr(signal, name, None) for name in ("SIGINT", "SIGQUIT")}


def command(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Everything for `claude`, options too.")
    ] = None,
) -> None:
    """Run Claude Code on the proxy: every argument goes to `claude`, but for a first `--lean`.

    With `--lean` Claude Code leaves out what makes its first prompt large, for small windows.

    Examples:
      ocp claude
      ocp claude --lean
      ocp claude -p "what does this project do?"
      OCP_MODEL=qwen3:8b ocp claude --continue

    A proxy that answers at the configured address is used; otherwise one is started on a free port
    and stopped at the end. Only this run is affected; its exit code is Claude Code's.
    """
    program = _claude()
    asked = (arguments or [])[:1] == ["--lean"]
    rest = (arguments or [])[1:] if asked else arguments or []
    settings = load_settings({"lean": "on"} if asked else {}).settings
    with ExitStack() as stack:
        relay = stack.enter_context(_Relay())
        port = settings.port
        running = running_proxy(settings)
        if running is None:
            port = _free_port(settings.host)
            running = stack.enter_context(_own_proxy(settings, port))
        lean = claude_code.is_lean(settings, running)
        if lean and settings.lean == "auto":
            output.say(LEAN_SAID)
        words = [program, *_settings(rest, lean=lean)]
        raise SystemExit(relay.run(words, _environment(settings, running, port)))


def _claude() -> str:
    program = shutil.which("claude")
    if program is None:
        raise OcpError(
            "Claude Code is not installed: there is no `claude` on your PATH.",
            remedy="Install it with `npm install -g @anthropic-ai/claude-code`.",
        )
    return program


def _settings(arguments: Sequence[str], *, lean: bool) -> Sequence[str]:
    """Put our settings before the user's arguments, unless there are settings among those.

    Without them Claude Code starts in auto mode, which denies commands that nobody judges here.
    """
    if any(argument.partition("=")[0] == "--settings" for argument in arguments):
        return arguments
    return ["--settings", claude_code.settings_argument(lean=lean), *arguments]


def _environment(settings: Settings, running: RunningProxy, port: int) -> dict[str, str]:
    """Give the user's environment with what Claude Code must and must not find in it."""
    found = dict(environment())
    for variable in claude_code.BREAKING:
        found.pop(variable.name, None)
    for variable in claude_code.variables(settings, running, found, port=port):
        if variable.value is not None:
            found[variable.name] = variable.value
    return found


def _free_port(host: str) -> int:
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
def _own_proxy(settings: Settings, port: int) -> Iterator[RunningProxy]:
    """Run `ocp serve` on `port` until the block ends.

    Its log goes to a nameless file, not into Claude Code's screen; it is shown if it cannot start.
    In a session of its own it does not get the terminal's Ctrl-C, which belongs to Claude Code.
    """
    # -P: nothing in the current folder may pass for one of Python's modules
    words = [sys.executable, "-P", "-m", "ollama_claude_proxy", "serve", "--no-preflight"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # ourselves
            [*words, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield _wait(settings, port, process, log)
        finally:
            _end(process)


def _wait(
    settings: Settings, port: int, process: subprocess.Popen[bytes], log: IO[bytes]
) -> RunningProxy:
    """Wait until the proxy answers.

    Raises OcpError, with the last thing that it said, when it ends or takes too long.
    """
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        # its report may wait a second for Ollama
        running = running_proxy(settings, port, patience=2.0)
        if running is not None:
            return running
        time.sleep(_POLL)
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    said = f" It said: {lines[-1].strip()}" if lines else ""
    raise OcpError(f"The proxy did not start.{said}", remedy="Start it yourself with `ocp serve`.")


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Relay:
    """Runs one program and hands it the signals that reach us; before and after, they end us.

    A Ctrl-C at the terminal reaches the whole foreground group, so Claude Code too: twice would be
    once too often, and it is handed on only where there is no terminal.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
            number = getattr(signal, name, None)  # Windows has two of them
            if number is not None:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            raise SystemExit(128 + number)
        from_terminal = number in _TERMINAL_SIGNALS and sys.stdin.isatty()
        if not from_terminal:
            self._child.send_signal(number)

    def run(self, words: Sequence[str], variables: dict[str, str]) -> int:
        """Run the program and give its exit code; 128 + N, as shells do, if signal N ended it."""
        try:
            self._child = subprocess.Popen(words, env=variables)  # noqa: S603  # what the user asked for
        except OSError as error:
            raise OcpError(f"{words[0]!r} cannot be run: {error.strerror}.") from error
        code = self._child.wait()
        self._child = None
        return code if code >= 0 else 128 - code
