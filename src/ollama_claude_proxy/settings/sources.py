"""Where settings come from: flags, the environment, `.env` and `config.toml`.

pydantic-settings reads them; this module adds the name of the source to each value. No other module
reads the environment.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings.keys import KEYS, Key
from ollama_claude_proxy.settings.model import PREFIX, Settings

_CONFIG_VARIABLE = "OCP_CONFIG"
_BY_NAME = {key.name: key for key in KEYS}
_BY_VARIABLE = {variable: key for key in KEYS for variable in key.variables}


class _Sources(Settings, BaseSettings):
    """The configuration for pydantic-settings; never instantiated."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """A value as it was written, and its source; `shared`: perhaps meant for another program."""

    value: Any
    origin: str
    shared: bool = False


def environment() -> Mapping[str, str]:
    """Return a read-only copy of all environment variables."""
    return MappingProxyType(dict(os.environ))


def config_path(config: Path | None = None) -> tuple[Path, bool]:
    """Return the path of the config file, and whether the user chose it (then it must exist)."""
    chosen = config or environment().get(_CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute(), True
    from platformdirs import user_config_path  # noqa: PLC0415  # takes 20 ms

    return user_config_path("ocp", appauthor=False) / "config.toml", False


def cache_path() -> Path:
    """Return the path of the file that caches what is known of the models' templates."""
    from platformdirs import user_cache_path  # noqa: PLC0415  # as above

    return user_cache_path("ocp", appauthor=False) / "templates.json"


def trials_path() -> Path:
    """Return the path of the file that keeps what `ocp try` found."""
    from platformdirs import user_cache_path  # noqa: PLC0415  # as above

    return user_cache_path("ocp", appauthor=False) / "trials.json"


def data_path() -> Path:
    """Return the path of the database of remembered conversations."""
    from platformdirs import user_data_path  # noqa: PLC0415  # as above

    return user_data_path("ocp", appauthor=False) / "sessions.db"


def from_flags(flags: Mapping[str, Any]) -> dict[str, SourcedValue]:
    """Read the command line's options; None means that an option was not used."""
    return {
        name: SourcedValue(value, f"flag {_BY_NAME[name].flag}")
        for name, value in _flatten(flags)
        if value is not None
    }


def from_environment() -> dict[str, SourcedValue]:
    """Read the environment variables of the process; an empty one counts as not set."""
    return _from_variables(EnvSettingsSource(_Sources), "environment")


def from_dotenv(path: Path) -> dict[str, SourcedValue]:
    """Read a `.env` file, if there is one.

    Raises SettingInvalid if it cannot be read.
    """
    try:
        source = DotEnvSettingsSource(_Sources, env_file=path, env_file_encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The file {str(path)!r} cannot be read: {error}.") from error
    return _from_variables(source, ".env")


def from_file(path: Path, *, required: bool) -> dict[str, SourcedValue]:
    """Read `config.toml`, if there is one; an empty string counts as not set.

    Raises SettingInvalid if it is not TOML, has an unknown key, or is required and missing.
    """
    if required and not path.is_file():
        remedy = "Write one with `ocp config init`, or remove `--config` and OCP_CONFIG."
        raise SettingInvalid(f"There is no config file {str(path)!r}.", remedy=remedy)
    try:
        content = TomlConfigSettingsSource(_Sources, toml_file=path).toml_data
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The config file {str(path)!r} cannot be read: {error}.") from error
    for name, _ in _flatten(content):
        _check_name(name, path)
    return {
        name: SourcedValue(value, str(path)) for name, value in _flatten(content) if value != ""
    }


def _from_variables(source: EnvSettingsSource, source_name: str) -> dict[str, SourcedValue]:
    # Drops a table as JSON in one variable (`OCP_ROLES`), which is not supported.
    known = {name.lower() for name in _BY_VARIABLE}
    source.env_vars = {name: text for name, text in source.env_vars.items() if name in known}
    values = {}
    for name, value in _flatten(source()):
        key = _BY_NAME.get(name) or _BY_VARIABLE.get(name)
        if key is not None:
            variable = _deciding_variable(key, source.env_vars)
            values[key.name] = SourcedValue(
                value, f"{source_name} {variable}", variable in key.shared
            )
    return values


def _deciding_variable(key: Key, variables: Mapping[str, str | None]) -> str:
    """Return the variable that set the key; `variables` of pydantic-settings are in lower case."""
    return next(name for name in key.variables if variables.get(name.lower()))


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables by dotted names: `[roles] opus` is `roles.opus`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _check_name(name: str, path: Path) -> None:
    if name in _BY_NAME:
        return
    similar = get_close_matches(name, _BY_NAME, n=1)
    remedy = f"Did you mean {similar[0]!r}?" if similar else "List the keys with `ocp config`."
    raise SettingInvalid(
        f"The config file {str(path)!r} has an unknown key {name!r}.", remedy=remedy
    )
