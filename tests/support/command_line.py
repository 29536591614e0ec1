"""Running `ocp` as a person does: a process, with a home and settings of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OCP = (sys.executable, "-m", "ollama_claude_proxy")
_FOREIGN = ("OCP_", "OLLAMA_", "ANTHROPIC_", "CLAUDE_", "XDG_", "PROXY_PORT", "DEBUG", "SHELL")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """Give an environment in which nothing is set but what a test sets."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name.lower() not in _PROXIES
    }
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), **extra}


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
        timeout=60,
    )


def ocp_env(home: Path, variables: Mapping[str, str], *options: str) -> dict[str, Any]:
    """Give what `ocp env --json` prints."""
    done = run_ocp(home, "env", "--json", *options, variables=variables)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
