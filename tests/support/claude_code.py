"""The real Claude Code in front of a real `ocp serve`, with its own home."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.command_line import OCP, clean_environment, ocp_env
from support.proxy import free_port
from support.timeouts import HANG_SECONDS

VERSIONS = ("2.1.330", "2.1.197")
_INSTALLED = Path(__file__).parents[2] / ".cache" / "claude-code"


def claude_program(version: str) -> Path:
    """Return the client's program; skip the test if it is not installed, but fail in CI."""
    program = _INSTALLED / version / "node_modules" / ".bin" / "claude"
    if not program.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"Claude Code {version} is missing: run scripts/install-claude-code")
        pytest.skip(f"Claude Code {version} is not here: scripts/install-claude-code (needs npm)")
    return program


class Workspace:
    """A project, a home, and a proxy in front of an Ollama."""

    def __init__(self, folder: Path, ollama_url: str, model: str, **variables: str) -> None:
        self.project = folder / "project"
        self.home = folder / "home"
        self._temporary = folder / "tmp"
        for path in (self.project, self.home, self._temporary):
            path.mkdir()
        self._variables = {
            "OCP_OLLAMA_URL": ollama_url,
            "OCP_MODEL": model,
            "OCP_PORT": str(free_port()),
            **variables,
        }
        self.client: dict[str, str] = {}
        self.log = folder / "ocp.log"

    @contextmanager
    def proxy(self) -> Iterator[None]:
        """Run `ocp serve`."""
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [*OCP, "serve"],
                cwd=self.home,
                env=clean_environment(self.home, **self._variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                self._wait_until_ready()
                yield
            finally:
                process.terminate()
                process.wait(HANG_SECONDS)

    def run(self, version: str, prompt: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `claude -p` to its end, with only the variables that `ocp env` prints."""
        command = [
            str(claude_program(version)),
            "-p",
            prompt,
            "--dangerously-skip-permissions",
            *options,
        ]
        return subprocess.run(
            command,
            cwd=self.project,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_SECONDS,
        )

    def _environment(self) -> dict[str, str]:
        settings = ocp_env(self.home, self._variables)
        node = shutil.which("node")
        assert node is not None
        return {
            **{name: value for name, value in settings.items() if isinstance(value, str)},
            "HOME": str(self.home),
            "TMPDIR": str(self._temporary),
            "CLAUDE_CODE_TMPDIR": str(self._temporary),
            "PATH": f"{Path(node).parent}:/usr/bin:/bin",
            "IS_SANDBOX": "1",
            **self.client,
        }

    def _wait_until_ready(self) -> None:
        url = f"http://127.0.0.1:{self._variables['OCP_PORT']}/health"
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(url, timeout=2) as reply:
                json.load(reply)
                return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())
