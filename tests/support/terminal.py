"""`ocp serve` and its like as processes: started, waited for, stopped; also at a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command_line import OCP, clean_environment

_SECONDS = 30


class Running:
    """A process whose output is read as it comes; `said` is all of stderr so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line

    def wait_for(self, words: str) -> str:
        """Wait until stderr has `words`; give all that it said."""
        deadline = time.monotonic() + _SECONDS
        while words not in self.said:
            ended = self.process.poll() is not None and not self._thread.is_alive()
            assert not ended, f"it ended: {self.said}"
            assert time.monotonic() < deadline, f"{words!r} did not come: {self.said}"
            time.sleep(0.01)
        return self.said

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; give the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(_SECONDS)
        self._thread.join(_SECONDS)
        return code


@contextmanager
def running(home: Path, *arguments: str, **variables: str) -> Iterator[Running]:
    """Run `ocp` beside the test, without a terminal."""
    with subprocess.Popen(
        [*OCP, *arguments],
        cwd=home,
        env=clean_environment(home, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


class Terminal:
    """A process at a pseudo-terminal; `shown` is what a person has seen, without colours."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self.shown = ""

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while words not in self.shown:
            assert time.monotonic() < deadline, f"{words!r} did not come: {self.shown}"
            assert self._read() or words in self.shown, f"it ended: {self.shown}"

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def _read(self) -> bool:
        if not select.select([self._descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:  # how Linux tells that the other side is closed
            return False
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", data.decode(errors="replace"))
        return bool(data)


# The first terminal that the head of a session opens becomes its own: then Ctrl-C is a signal.
_TAKE_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@contextmanager
def at_a_terminal(home: Path, *arguments: str, **variables: str) -> Iterator[Terminal]:
    """Run `ocp` as a person does."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, *OCP, *arguments],
        cwd=home,
        env=clean_environment(home, TERM="xterm-256color", COLUMNS="100", **variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)
