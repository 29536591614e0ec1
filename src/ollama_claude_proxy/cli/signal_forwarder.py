"""Running a program that receives the signals sent to this process."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, Self

from ollama_claude_proxy.errors import OcpError

_TERMINAL_SIGNALS = {getattr(signal, name, None) for name in ("SIGINT", "SIGQUIT")}


class SignalForwarder:
    """Runs a program and forwards signals to it; while none runs, a signal ends this process.

    Ctrl-C at a terminal reaches the whole foreground process group, so the program too; it is
    forwarded only without a terminal, so that the program does not receive it twice.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._previous_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
            number = getattr(signal, name, None)  # Windows has two of them
            if number is not None:
                self._previous_handlers[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            raise SystemExit(128 + number)
        from_terminal = number in _TERMINAL_SIGNALS and sys.stdin.isatty()
        if not from_terminal:
            self._child.send_signal(number)

    def run(self, command: Sequence[str], environment: dict[str, str]) -> int:
        """Run the program and return its exit code; 128 + N, as in shells, if signal N ended it."""
        try:
            self._child = subprocess.Popen(  # noqa: S603  # the program that the user asked for
                command, env=environment
            )
        except OSError as error:
            raise OcpError(f"{command[0]!r} cannot be run: {error.strerror}.") from error
        code = self._child.wait()
        self._child = None
        return code if code >= 0 else 128 - code
