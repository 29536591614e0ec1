"""Putting the sources together: the first that has a key decides, and its name is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings.keys import KEYS, Key
from ollama_claude_proxy.settings.model import Roles, Settings
from ollama_claude_proxy.settings.sources import (
    Given,
    config_path,
    environment,
    from_dotenv,
    from_file,
    from_flags,
    from_variables,
)
from ollama_claude_proxy.settings.values import is_loopback

_ROLES = "roles."


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, and where each value came from.

    `origins` maps a key to `flag --port`, `environment OCP_PORT`, `.env PROXY_PORT`, the config
    file's path, or `default`. `config` is the config file that was read, or would be if it existed.
    """

    settings: Settings
    origins: Mapping[str, str]
    config: Path


def load_settings(flags: Mapping[str, Any], config: Path | None = None) -> LoadedSettings:
    """Read all settings; `flags` holds those of the command line by key (None: not given).

    Raises SettingInvalid for a value that is not allowed, a file that cannot be read, and an
    address that others can reach without a token.
    """
    path, named = config_path(config)
    sources = (
        from_flags(flags),
        from_variables(environment(), "environment"),
        from_dotenv(Path(".env")),
        from_file(path, required=named),
    )
    found: dict[str, Any] = {}
    origins = dict.fromkeys((key.name for key in KEYS), "default")
    for key in KEYS:
        for given in (source[key.name] for source in sources if key.name in source):
            if _take(key, given, found):
                origins[key.name] = given.origin
                break
    settings = _settings(found)
    _check_reach(settings, origins["host"])
    return LoadedSettings(settings, origins, path)


def _take(key: Key, given: Given, found: dict[str, Any]) -> bool:
    """Read one value into `found`; a shared variable that we cannot read is not ours."""
    try:
        found[key.name] = key.read(given.value)
    except (ValueError, TypeError) as error:
        if given.shared:
            return False
        shown = "a value that is not allowed" if key.secret else repr(given.value)
        raise SettingInvalid(
            f"The setting {key.name!r} ({given.origin}) is {shown}; allowed is {key.allowed}.",
            remedy="`ocp config --help` tells where settings come from.",
        ) from error
    return True


def _settings(found: Mapping[str, Any]) -> Settings:
    roles = {
        name.removeprefix(_ROLES): value for name, value in found.items() if name.startswith(_ROLES)
    }
    rest = {name: value for name, value in found.items() if not name.startswith(_ROLES)}
    return Settings(**rest, roles=Roles(**roles), default_named="model" in found)


def _check_reach(settings: Settings, origin: str) -> None:
    """Refuse an open door: whoever can reach the port can use the model and read its prompts."""
    if settings.token is None and not is_loopback(settings.host):
        raise SettingInvalid(
            f"The setting 'host' ({origin}) is {settings.host!r}, which other machines can reach;"
            " that is allowed only with a token.",
            remedy='Set one: `OCP_TOKEN="$(openssl rand -hex 16)"` or `--token`.',
        )
