"""Where settings come from: flags, the environment, `.env` and `config.toml`.

Each source gives `Given` values by key. This is the only reader of the environment.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings.keys import KEYS

_CONFIG_VARIABLE = "OCP_CONFIG"
_NAMES = tuple(key.name for key in KEYS)


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


def from_flags(flags: Mapping[str, Any]) -> dict[str, Given]:
    """Read the command line's options; None means that an option was not used."""
    keys = {key.name: key for key in KEYS}
    return {
        name: Given(value, f"flag {keys[name].flag}")
        for name, value in _flat(flags)
        if value is not None
    }


def from_variables(variables: Mapping[str, str | None], where: str) -> dict[str, Given]:
    """Read environment variables, of the process or of a `.env` file; an empty one is not set."""
    found = {}
    for key in KEYS:
        name = next((name for name in key.variables if variables.get(name)), None)
        if name is not None:
            found[key.name] = Given(variables[name], f"{where} {name}", name in key.shared)
    return found


def from_dotenv(path: Path) -> dict[str, Given]:
    """Read a `.env` file, if there is one.

    Raises SettingInvalid if it cannot be read.
    """
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415  # few folders have one

    try:
        return from_variables(dotenv_values(path, interpolate=False, encoding="utf-8"), ".env")
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The file {str(path)!r} cannot be read: {error}.") from error


def from_file(path: Path, *, required: bool) -> dict[str, Given]:
    """Read `config.toml`, if there is one; an empty string is not set.

    Raises SettingInvalid if it is no TOML, holds an unknown key, or is required and missing.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not required:
            return {}
        remedy = "Write one with `ocp config init`, or leave out `--config` and OCP_CONFIG."
        raise SettingInvalid(f"There is no config file {str(path)!r}.", remedy=remedy) from error
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"The config file {str(path)!r} cannot be read: {error}.") from error
    for name, _ in _flat(content):
        _check_name(name, path)
    return {name: Given(value, str(path)) for name, value in _flat(content) if value != ""}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give nested tables as dotted names: `[roles] opus` is `roles.opus`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _check_name(name: str, path: Path) -> None:
    if name in _NAMES:
        return
    close = get_close_matches(name, _NAMES, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else "`ocp config` lists the keys."
    raise SettingInvalid(
        f"The config file {str(path)!r} has an unknown key {name!r}.", remedy=remedy
    )
