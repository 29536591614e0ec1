"""Where settings come from: flags, the environment, `.env` and `config.toml`.

pydantic-settings reads them; here each value keeps the name of the place it came from. This is the
only reader of the environment.
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
    """How pydantic-settings finds the values; it is never made itself."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A value as somebody gave it, and where; `shared`: perhaps meant for another program."""

    value: Any
    origin: str
    shared: bool = False


def environment() -> Mapping[str, str]:
    """Give the environment, for reading: also what concerns other programs."""
    return MappingProxyType(dict(os.environ))


def config_path(config: Path | None = None) -> tuple[Path, bool]:
    """Give the path of the config file, and whether somebody named it (then it must exist)."""
    named = config or environment().get(_CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser().absolute(), True
    from platformdirs import user_config_path  # noqa: PLC0415  # 20 ms that a named file saves

    return user_config_path("ocp", appauthor=False) / "config.toml", False


def cache_path() -> Path:
    """Give the path of the file that keeps what was found of the models' templates."""
    from platformdirs import user_cache_path  # noqa: PLC0415  # as above

    return user_cache_path("ocp", appauthor=False) / "templates.json"


def data_path() -> Path:
    """Give the path of the file that keeps what is remembered of conversations."""
    from platformdirs import user_data_path  # noqa: PLC0415  # as above

    return user_data_path("ocp", appauthor=False) / "sessions.db"


def from_flags(flags: Mapping[str, Any]) -> dict[str, Given]:
    """Read the command line's options; None means that an option was not used."""
    return {
        name: Given(value, f"flag {_BY_NAME[name].flag}")
        for name, value in _flat(flags)
        if value is not None
    }


def from_environment() -> dict[str, Given]:
    """Read the variables of the process; an empty one is not set."""
    return _from_variables(EnvSettingsSource(_Sources), "environment")


def from_dotenv(path: Path) -> dict[str, Given]:
    """Read a `.env` file, if there is one.

    Raises SettingInvalid if it cannot be read.
    """
    try:
        source = DotEnvSettingsSource(_Sources, env_file=path, env_file_encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The file {str(path)!r} cannot be read: {error}.") from error
    return _from_variables(source, ".env")


def from_file(path: Path, *, required: bool) -> dict[str, Given]:
    """Read `config.toml`, if there is one; an empty string is not set.

    Raises SettingInvalid if it is no TOML, holds an unknown key, or is required and missing.
    """
    if required and not path.is_file():
        remedy = "Write one with `ocp config init`, or leave out `--config` and OCP_CONFIG."
        raise SettingInvalid(f"There is no config file {str(path)!r}.", remedy=remedy)
    try:
        content = TomlConfigSettingsSource(_Sources, toml_file=path).toml_data
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The config file {str(path)!r} cannot be read: {error}.") from error
    for name, _ in _flat(content):
        _check_name(name, path)
    return {name: Given(value, str(path)) for name, value in _flat(content) if value != ""}


def _from_variables(source: EnvSettingsSource, where: str) -> dict[str, Given]:
    # A table as one variable of JSON (`OCP_ROLES`) is no form of ours.
    known = {name.lower() for name in _BY_VARIABLE}
    source.env_vars = {name: text for name, text in source.env_vars.items() if name in known}
    found = {}
    for name, value in _flat(source()):
        key = _BY_NAME.get(name) or _BY_VARIABLE.get(name)
        if key is not None:
            variable = _variable(key, source.env_vars)
            found[key.name] = Given(value, f"{where} {variable}", variable in key.shared)
    return found


def _variable(key: Key, variables: Mapping[str, str | None]) -> str:
    """Give the variable that decided; pydantic-settings knows them in lower case."""
    return next(name for name in key.variables if variables.get(name.lower()))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give nested tables as dotted names: `[roles] opus` is `roles.opus`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _check_name(name: str, path: Path) -> None:
    if name in _BY_NAME:
        return
    close = get_close_matches(name, _BY_NAME, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else "`ocp config` lists the keys."
    raise SettingInvalid(
        f"The config file {str(path)!r} has an unknown key {name!r}.", remedy=remedy
    )
