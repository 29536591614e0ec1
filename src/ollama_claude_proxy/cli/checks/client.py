"""Checks of Claude Code: is it there, and is anything in the environment in its way."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ollama_claude_proxy.cli import claude_code
from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.proxy import base_url, reachable_host
from ollama_claude_proxy.cli.shells import DIALECTS, of_environment
from ollama_claude_proxy.settings import Settings, environment

_INSTALL = "npm install -g @anthropic-ai/claude-code"
_OLDEST_TESTED = (2, 1, 197)
_PATIENCE = 20.0  # seconds; its first start on a slow disk takes some


def claude(_patient: Patient) -> list[Finding]:
    """Look for Claude Code and ask for its version; other clients work without it."""
    program = shutil.which("claude")
    if program is None:
        return [warning("not installed: there is no `claude` on your PATH", _INSTALL)]
    try:
        done = subprocess.run(  # noqa: S603  # the user's own
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [bad(f"{program} --version does not answer", _INSTALL)]
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    if done.returncode != 0 or version is None:
        return [bad(f"{program} --version fails", _INSTALL)]
    words = f"{version[0]} at {program}"
    if tuple(map(int, version.groups())) < _OLDEST_TESTED:
        return [warning(f"{words}; older than any that was tested", f"{_INSTALL}@latest")]
    return [good(words)]


def variables(patient: Patient) -> list[Finding]:
    """Look for environment variables that would keep Claude Code from the proxy."""
    found = environment()
    use = DIALECTS[of_environment(found)].use
    settings = patient.settings
    in_the_way = [*_breaking(found), *_proxies(settings, found, use)]
    return [*in_the_way, _base_url(settings, found, use)]


def _breaking(found: Mapping[str, str]) -> Iterator[Finding]:
    dialect = DIALECTS[of_environment(found)]
    for variable in claude_code.BREAKING:
        if found.get(variable.name):
            undo = dialect.unset(variable.name).rstrip(";")
            yield bad(f"{variable.name} is set: {variable.reason}", undo)


def _proxies(settings: Settings, found: Mapping[str, str], use: str) -> Iterator[Finding]:
    """An HTTP proxy looks for 127.0.0.1 on its own side; NO_PROXY keeps requests here."""
    wanted = [one for one in claude_code.variables(settings, None, found) if one.name == "NO_PROXY"]
    listed = found.get("NO_PROXY") or found.get("no_proxy") or ""
    exempt = {host.strip() for host in listed.split(",")}
    if wanted and reachable_host(settings) not in exempt:
        yield bad(f"an HTTP proxy is set, and NO_PROXY lacks {reachable_host(settings)}", use)


def _base_url(settings: Settings, found: Mapping[str, str], use: str) -> Finding:
    url = found.get("ANTHROPIC_BASE_URL", "")
    if not url:
        return good(f"ANTHROPIC_BASE_URL is not set here; {use} sets it, and so does `ocp claude`")
    if urlsplit(url).path.rstrip("/").endswith("/v1"):
        return bad(f"ANTHROPIC_BASE_URL is {url!r}; Claude Code adds the /v1 itself", use)
    if url.rstrip("/") != base_url(settings):
        return warning(f"ANTHROPIC_BASE_URL is {url!r}, not {base_url(settings)!r}", use)
    return good(f"ANTHROPIC_BASE_URL is {url}")
