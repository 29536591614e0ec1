"""`ocp serve` and the like as a background process: started, waited for, stopped."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command_line import INTERRUPTIBLE, OCP, clean_environment
from support.timeouts import HANG_SECONDS


class OcpProcess:
    """A process whose output is read as it comes; `stderr` is all of it so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.stderr = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line

    def wait_for(self, text: str) -> str:
        """Wait until stderr contains `text`; return all of stderr."""
        deadline = time.monotonic() + HANG_SECONDS
        while text not in self.stderr:
            has_ended = self.process.poll() is not None and not self._thread.is_alive()
            assert not has_ended, f"it ended: {self.stderr}"
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.stderr}"
            time.sleep(0.01)
        return self.stderr

    def stop(self, signal_number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(signal_number)
        code = self.process.wait(HANG_SECONDS)
        self._thread.join(HANG_SECONDS)
        return code


@contextmanager
def ocp_process(home: Path, *arguments: str, **variables: str) -> Iterator[OcpProcess]:
    """Run `ocp` in the background, without a terminal."""
    with subprocess.Popen(
        [*INTERRUPTIBLE, *OCP, *arguments],
        cwd=home,
        env=clean_environment(home, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield OcpProcess(process)
        finally:
            process.kill()
