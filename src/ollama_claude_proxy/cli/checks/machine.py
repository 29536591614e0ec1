"""Checks of this machine: Python, the settings, the proxy and its port."""

import platform
import sys

from ollama_claude_proxy import __version__
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, skipped, warning
from ollama_claude_proxy.cli.listening import is_free, next_free_port
from ollama_claude_proxy.cli.port_owner import find_port_owner
from ollama_claude_proxy.cli.proxy import RunningProxy, base_url, find_running_proxy
from ollama_claude_proxy.cli.setting_report import report_settings
from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings import load_settings

_MIN_PYTHON = (3, 11)
_HEALTH_TIMEOUT = 3.0  # seconds; the proxy's health report may wait one second for Ollama


def check_python(_context: CheckContext) -> list[Finding]:
    """Check the version of the Python that runs this program."""
    summary = f"{platform.python_version()} at {sys.executable}, ocp {__version__}"
    if sys.version_info < _MIN_PYTHON:
        return [failed(summary, "Install Python 3.11 or newer.")]
    return [ok(summary)]


def check_settings(context: CheckContext) -> list[Finding]:
    """Read the settings, and list the source of each that is not a default."""
    try:
        context.loaded = loaded = load_settings({}, context.config)
    except SettingInvalid as error:
        return [failed(error.problem, error.advice)]
    state = "config file" if loaded.config.is_file() else "no config file"
    findings = [ok(f"{state} {loaded.config}")]
    for name, (value, origin) in report_settings(loaded).items():
        if origin != "default":
            findings.append(ok(f"{name} = {value} (from {origin})"))
    return findings


def check_proxy(context: CheckContext) -> list[Finding]:
    """Check that the proxy answers; if not, find out which program has its port."""
    settings = context.settings
    running = context.running = find_running_proxy(settings, timeout=_HEALTH_TIMEOUT)
    if running is not None:
        summary = f"ocp {running.version} answers at {base_url(settings)}"
        summary += f" with {running.model}" if running.model else ""
        if running.version != __version__:
            return [warning(f"{summary}; this is {__version__}", "Stop it, then: ocp serve")]
        return [ok(summary), *_cache_findings(running)]
    if settings.port == 0:
        return [skipped("its port is any free one, so its address is not known")]
    if is_free(settings.host, settings.port):
        return [warning(f"it is not running; port {settings.port} is free", "ocp serve")]
    owner = find_port_owner(settings.port)
    by = f" by {owner.program!r} (process {owner.process_id})" if owner else ""
    remedy = f"ocp serve --port {next_free_port(settings)}"
    return [failed(f"port {settings.port} is taken{by}", remedy)]


def _cache_findings(running: RunningProxy) -> list[Finding]:
    """Return how much of the last prompt was cached, if there was one."""
    last = running.last_prompt
    if last is None:
        return []
    summary = f"{last.get('cached')} of the last prompt's {last.get('tokens')} tokens were cached"
    if not last.get("broke"):
        return [ok(summary)]
    return [warning(f"{summary}: {last['broke']}", "See docs/caching.md")]
