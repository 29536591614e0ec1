"""The real Claude Code, before a real `ocp serve`, with a home of its own."""

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

VERSIONS = ("2.1.330", "2.1.197")
_INSTALLED = Path(__file__).parents[2] / ".cache" / "claude-code"
# Long enough for its ten retries; a run without trouble takes a few seconds.
_PATIENCE = 180


def claude(version: str) -> Path:
    """Give the client's program; skips where it is not installed, but never in CI."""
    program = _INSTALLED / version / "node_modules" / ".bin" / "claude"
    if not program.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"Claude Code {version} is missing: run scripts/install-claude-code")
        pytest.skip(f"Claude Code {version} is not here: scripts/install-claude-code (needs npm)")
    return program


class Desk:
    """A place to work at: a project, a home, and a proxy before an Ollama."""

    def __init__(self, place: Path, ollama_url: str, model: str, **variables: str) -> None:
        self.project = place / "project"
        self.home = place / "home"
        self._temporary = place / "tmp"
        for folder in (self.project, self.home, self._temporary):
            folder.mkdir()
        self._variables = {
            "OCP_OLLAMA_URL": ollama_url,
            "OCP_MODEL": model,
            "OCP_PORT": str(free_port()),
            **variables,
        }
        self.client: dict[str, str] = {}
        self.log = place / "ocp.log"

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
                self._wait_until_it_answers()
                yield
            finally:
                process.terminate()
                process.wait(10)

    def run(self, version: str, prompt: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `claude -p` to its end, with nothing but the variables that `ocp env` prints."""
        words = [str(claude(version)), "-p", prompt, "--dangerously-skip-permissions", *options]
        return subprocess.run(
            words,
            cwd=self.project,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )

    def _environment(self) -> dict[str, str]:
        printed = ocp_env(self.home, self._variables)
        node = shutil.which("node")
        assert node is not None
        return {
            **{name: value for name, value in printed.items() if isinstance(value, str)},
            "HOME": str(self.home),
            "TMPDIR": str(self._temporary),
            "CLAUDE_CODE_TMPDIR": str(self._temporary),
            "PATH": f"{Path(node).parent}:/usr/bin:/bin",
            "IS_SANDBOX": "1",
            **self.client,
        }

    def _wait_until_it_answers(self) -> None:
        url = f"http://127.0.0.1:{self._variables['OCP_PORT']}/health"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(url, timeout=2) as reply:
                json.load(reply)
                return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())
