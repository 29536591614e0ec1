"""Checks of what is on this machine: Python, the settings, the proxy and its port."""

import platform
import sys
from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy import __version__
from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, skipped, warning
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.listening import is_free, next_port
from ollama_claude_proxy.cli.port_owner import port_owner
from ollama_claude_proxy.cli.proxy import RunningProxy, base_url, running_proxy
from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings import KEYS, LoadedSettings, load_settings

_OLDEST_PYTHON = (3, 11)
_PATIENCE = 3.0  # seconds; a health report may wait one of them for Ollama


def python(_patient: Patient) -> list[Finding]:
    """Look at the Python that runs us."""
    words = f"{platform.python_version()} at {sys.executable}, ocp {__version__}"
    if sys.version_info < _OLDEST_PYTHON:
        return [bad(words, "Install Python 3.11 or newer.")]
    return [good(words)]


def settings(patient: Patient) -> list[Finding]:
    """Read the settings, and say where those that are no default came from."""
    try:
        patient.loaded = loaded = load_settings({}, patient.config)
    except SettingInvalid as error:
        return [bad(error.problem, error.advice)]
    there = "config file" if loaded.config.is_file() else "no config file"
    found = [good(f"{there} {loaded.config}")]
    for name, (value, origin) in origins(loaded).items():
        if origin != "default":
            found.append(good(f"{name} = {value} (from {origin})"))
    return found


def origins(loaded: LoadedSettings) -> Mapping[str, tuple[Any, str]]:
    """Give every setting's value, save secrets, and where it came from."""
    found = {}
    for key in KEYS:
        value = key.value(loaded.settings)
        hidden = key.secret and value is not None
        found[key.name] = ("********" if hidden else value, loaded.origins[key.name])
    return found


def proxy(patient: Patient) -> list[Finding]:
    """Ask the proxy how it is; where none answers, look who has its port."""
    chosen = patient.settings
    running = running_proxy(chosen, patience=_PATIENCE)
    if running is not None:
        words = f"ocp {running.version} answers at {base_url(chosen)}"
        words += f" with {running.model}" if running.model else ""
        if running.version != __version__:
            return [warning(f"{words}; this is {__version__}", "Stop it, then: ocp serve")]
        return [good(words), *_cache(running)]
    if chosen.port == 0:
        return [skipped("any free port is taken, so nobody knows where it answers")]
    if is_free(chosen.host, chosen.port):
        return [warning(f"it is not running; port {chosen.port} is free", "ocp serve")]
    owner = port_owner(chosen.port)
    by = f" by {owner.program!r} (process {owner.process})" if owner else ""
    return [bad(f"port {chosen.port} is taken{by}", f"ocp serve --port {next_port(chosen)}")]


def _cache(running: RunningProxy) -> list[Finding]:
    """Say how much of the last prompt was read again, where one was answered."""
    last = running.last_prompt
    if last is None:
        return []
    words = f"{last.get('cached')} of the last prompt's {last.get('tokens')} tokens were cached"
    if not last.get("broke"):
        return [good(words)]
    return [warning(f"{words}: {last['broke']}", "See docs/caching.md")]
