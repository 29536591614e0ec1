"""Checks of Claude Code: it is installed, and no environment variable keeps it from the proxy."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ollama_claude_proxy.cli import claude_code
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.proxy import base_url, reachable_host
from ollama_claude_proxy.cli.shells import SHELL_SYNTAXES, detect_shell
from ollama_claude_proxy.settings import Settings, environment

_INSTALL = "npm install -g @anthropic-ai/claude-code"
_MIN_TESTED_VERSION = (2, 1, 197)
_TIMEOUT = 20.0  # seconds; its first start from a slow disk takes some


def check_claude_code(_context: CheckContext) -> list[Finding]:
    """Look for Claude Code and its version; it may be missing, because other clients work too."""
    program = shutil.which("claude")
    if program is None:
        return [warning("not installed: there is no `claude` on your PATH", _INSTALL)]
    try:
        process = subprocess.run(  # noqa: S603  # the user's own program
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [failed(f"{program} --version does not answer", _INSTALL)]
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", process.stdout)
    if process.returncode != 0 or version is None:
        return [failed(f"{program} --version fails", _INSTALL)]
    summary = f"{version[0]} at {program}"
    if tuple(map(int, version.groups())) < _MIN_TESTED_VERSION:
        return [warning(f"{summary}; older than any tested version", f"{_INSTALL}@latest")]
    return [ok(summary)]


def check_variables(context: CheckContext) -> list[Finding]:
    """Look for environment variables that would keep Claude Code from the proxy."""
    variables = environment()
    apply_command = SHELL_SYNTAXES[detect_shell(variables)].apply_command
    settings = context.settings
    return [
        *_conflicting_findings(variables),
        *_no_proxy_findings(settings, variables, apply_command),
        _base_url_finding(settings, variables, apply_command),
    ]


def _conflicting_findings(variables: Mapping[str, str]) -> Iterator[Finding]:
    syntax = SHELL_SYNTAXES[detect_shell(variables)]
    for variable in claude_code.CONFLICTING:
        if variables.get(variable.name):
            unset = syntax.unset(variable.name).rstrip(";")
            yield failed(f"{variable.name} is set: {variable.reason}", unset)


def _no_proxy_findings(
    settings: Settings, variables: Mapping[str, str], apply_command: str
) -> Iterator[Finding]:
    """Check that NO_PROXY exempts this machine if an HTTP proxy is set.

    That proxy would take 127.0.0.1 for its own machine.
    """
    needed = {variable.name for variable in claude_code.variables(settings, None, variables)}
    no_proxy = variables.get("NO_PROXY") or variables.get("no_proxy") or ""
    exempt = {host.strip() for host in no_proxy.split(",")}
    host = reachable_host(settings)
    if "NO_PROXY" in needed and host not in exempt:
        yield failed(f"an HTTP proxy is set, and NO_PROXY lacks {host}", apply_command)


def _base_url_finding(
    settings: Settings, variables: Mapping[str, str], apply_command: str
) -> Finding:
    url = variables.get("ANTHROPIC_BASE_URL", "")
    if not url:
        return ok(f"ANTHROPIC_BASE_URL is not set here; set it: {apply_command}, or `ocp claude`")
    if urlsplit(url).path.rstrip("/").endswith("/v1"):
        return failed(f"ANTHROPIC_BASE_URL is {url!r}; Claude Code adds /v1 itself", apply_command)
    if url.rstrip("/") != base_url(settings):
        return warning(f"ANTHROPIC_BASE_URL is {url!r}, not {base_url(settings)!r}", apply_command)
    return ok(f"ANTHROPIC_BASE_URL is {url}")
