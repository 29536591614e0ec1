"""Settings: what they are, what is allowed, and where each value came from.

A flag wins over the environment, the environment over `.env` in the current folder, that over
`config.toml`, and that over the default. Nothing else in the package reads the environment.
"""

from ollama_claude_proxy.settings.keys import KEYS, Key
from ollama_claude_proxy.settings.load import LoadedSettings, load_settings
from ollama_claude_proxy.settings.model import DEFAULT_MODEL, Settings
from ollama_claude_proxy.settings.roles import Roles
from ollama_claude_proxy.settings.sources import (
    cache_path,
    config_path,
    data_path,
    environment,
)

__all__ = [
    "DEFAULT_MODEL",
    "KEYS",
    "Key",
    "LoadedSettings",
    "Roles",
    "Settings",
    "cache_path",
    "config_path",
    "data_path",
    "environment",
    "load_settings",
]
