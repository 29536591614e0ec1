"""`ocp` at a pseudo-terminal, as a person runs it."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command_line import INTERRUPTIBLE, OCP, clean_environment
from support.timeouts import HANG_SECONDS

# The first terminal that a session leader opens controls it: then Ctrl-C sends a signal.
_CLAIM_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A process at a pseudo-terminal; `screen` is all that was printed, without colours."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self.screen = ""

    def wait_for(self, text: str) -> None:
        """Wait until `text` was printed."""
        deadline = time.monotonic() + HANG_SECONDS
        while text not in self.screen:
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.screen}"
            assert self._read() or text in self.screen, f"it ended: {self.screen}"

    def type(self, text: str) -> None:
        """Type `text` at the terminal."""
        os.write(self._descriptor, text.encode())

    def _read(self) -> bool:
        if not select.select([self._descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:  # how Linux reports that the other side is closed
            return False
        self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", data.decode(errors="replace"))
        return bool(data)


@contextmanager
def ocp_terminal(home: Path, *arguments: str, **variables: str) -> Iterator[Terminal]:
    """Run `ocp` at a pseudo-terminal."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*INTERRUPTIBLE, sys.executable, "-c", _CLAIM_TERMINAL, *OCP, *arguments],
        cwd=home,
        env=clean_environment(home, TERM="xterm-256color", COLUMNS="100", **variables),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        try:
            yield Terminal(process, controller)
        finally:
            process.kill()
            os.close(controller)
