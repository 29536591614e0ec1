"""The settings' values and origins as commands print them, with secrets hidden."""

from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.settings import KEYS, LoadedSettings

_HIDDEN = "********"


def report_settings(loaded: LoadedSettings) -> Mapping[str, tuple[Any, str]]:
    """Return value and origin of every setting by its key; a secret's value is hidden."""
    report = {}
    for key in KEYS:
        value = key.value(loaded.settings)
        is_hidden = key.secret and value is not None
        report[key.name] = (_HIDDEN if is_hidden else value, loaded.origins[key.name])
    return report
