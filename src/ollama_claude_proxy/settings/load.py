"""Putting the sources together: the first that has a key decides, and its name is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings.keys import KEYS
from ollama_claude_proxy.settings.model import Settings
from ollama_claude_proxy.settings.sources import (
    Given,
    config_path,
    from_dotenv,
    from_environment,
    from_file,
    from_flags,
)
from ollama_claude_proxy.settings.values import is_loopback


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
        from_environment(),
        from_dotenv(Path(".env")),
        from_file(path, required=named),
    )
    found: dict[str, Given] = {}
    for source in reversed(sources):
        found |= {name: given for name, given in source.items() if _is_meant(name, given)}
    settings = _settings(found)
    origins = {key.name: found[key.name].origin if key.name in found else "default" for key in KEYS}
    _check_reach(settings, origins["host"])
    return LoadedSettings(settings, origins, path)


def _is_meant(name: str, given: Given) -> bool:
    """Whether a value is for us: a shared variable that we cannot read is another program's."""
    if given.shared:
        try:
            _settings({name: given})
        except SettingInvalid:
            return False
    return True


def _settings(found: Mapping[str, Given]) -> Settings:
    values: dict[str, Any] = {}
    for name, given in found.items():
        table, _, key = name.rpartition(".")
        (values.setdefault(table, {}) if table else values)[key] = given.value
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _explained(error, found) from error


def _explained(error: ValidationError, found: Mapping[str, Given]) -> SettingInvalid:
    """Say the first thing that is wrong: the key, its source, and what is allowed."""
    place = [str(part) for part in error.errors()[0]["loc"]]
    key = next(key for key in KEYS if _is_at(place, (key.name, *key.variables)))
    given = found[key.name]
    shown = "a value that is not allowed" if key.secret else repr(given.value)
    return SettingInvalid(
        f"The setting {key.name!r} ({given.origin}) is {shown}; allowed is {key.allowed}.",
        remedy="`ocp config --help` tells where settings come from.",
    )


def _is_at(place: list[str], names: tuple[str, ...]) -> bool:
    """Whether a validation error is about a setting; unions add their branches to the place."""
    return place[0] in names or ".".join(place[:2]) in names


def _check_reach(settings: Settings, origin: str) -> None:
    """Refuse an open door: whoever can reach the port can use the model and read its prompts."""
    if settings.token is None and not is_loopback(settings.host):
        raise SettingInvalid(
            f"The setting 'host' ({origin}) is {settings.host!r}, which other machines can reach;"
            " that is allowed only with a token.",
            remedy='Set one: `OCP_TOKEN="$(openssl rand -hex 16)"` or `--token`.',
        )
