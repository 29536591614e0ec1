"""Settings: which there are, what values are allowed, and where each value came from.

The first of these that sets a value decides: a flag, the environment, `.env` in the current folder,
`config.toml`, the default. No other module reads the environment.
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
    trials_path,
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
    "trials_path",
]
