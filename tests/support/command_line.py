"""Runs `ocp` as a person does: as a process, with its own home and settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.timeouts import HANG_SECONDS

OCP = (sys.executable, "-m", "ollama_claude_proxy")
_DEFAULT_SIGINT = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])"""
# Goes before a command that a test interrupts: a process inherits an ignored SIGINT, for example of
# a shell that started pytest in the background, and Python then installs no handler for it.
INTERRUPTIBLE = (sys.executable, "-IS", "-c", _DEFAULT_SIGINT)
_FOREIGN_PREFIXES = (
    "OCP_",
    "OLLAMA_",
    "ANTHROPIC_",
    "CLAUDE_",
    "XDG_",
    "PROXY_PORT",
    "DEBUG",
    "SHELL",
)
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """Return the environment without the user's settings, plus what a test sets."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name.lower() not in _PROXY_VARIABLES
    }
    return {**inherited, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), **extra}


def run_ocp(
    home: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `ocp` in `home` to its end."""
    return subprocess.run(
        [*OCP, *arguments],
        cwd=home,
        env=clean_environment(home, **(variables or {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )


def ocp_env(home: Path, variables: Mapping[str, str], *options: str) -> dict[str, Any]:
    """Return the JSON that `ocp env --json` prints."""
    completed = run_ocp(home, "env", "--json", *options, variables=variables)
    assert completed.returncode == 0, completed.stderr
    report: dict[str, Any] = json.loads(completed.stdout)
    return report
