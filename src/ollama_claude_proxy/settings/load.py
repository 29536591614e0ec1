"""Merging the sources of settings: the first that has a key decides, and its name is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ollama_claude_proxy.errors import SettingInvalid
from ollama_claude_proxy.settings.keys import KEYS
from ollama_claude_proxy.settings.model import Settings
from ollama_claude_proxy.settings.sources import (
    SourcedValue,
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
    file's path, or `default`. `config` is the path of the config file, which need not exist.
    """

    settings: Settings
    origins: Mapping[str, str]
    config: Path


def load_settings(flags: Mapping[str, Any], config: Path | None = None) -> LoadedSettings:
    """Read all settings; `flags` has those of the command line by key (None: not used).

    Raises SettingInvalid for a value that is not allowed, a file that cannot be read, and a host
    that other machines can reach without a token.
    """
    path, is_required = config_path(config)
    sources = (
        from_flags(flags),
        from_environment(),
        from_dotenv(Path(".env")),
        from_file(path, required=is_required),
    )
    values: dict[str, SourcedValue] = {}
    for source in reversed(sources):
        values |= {name: value for name, value in source.items() if _is_for_us(name, value)}
    settings = _validate(values)
    defaults = {key.name: "default" for key in KEYS}
    origins = defaults | {name: value.origin for name, value in values.items()}
    _require_token(settings, origins["host"])
    return LoadedSettings(settings, origins, path)


def _is_for_us(name: str, value: SourcedValue) -> bool:
    """Whether a value is for ocp: an invalid shared variable belongs to another program."""
    if value.shared:
        try:
            _validate({name: value})
        except SettingInvalid:
            return False
    return True


def _validate(values: Mapping[str, SourcedValue]) -> Settings:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        (nested.setdefault(table, {}) if table else nested)[key] = value.value
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        raise _setting_invalid(error, values) from error


def _setting_invalid(error: ValidationError, values: Mapping[str, SourcedValue]) -> SettingInvalid:
    """Return an error for the first invalid value: the key, its source, and what is allowed."""
    location = [str(part) for part in error.errors()[0]["loc"]]
    key = next(key for key in KEYS if _is_about(location, (key.name, *key.variables)))
    invalid = values[key.name]
    printable = "a value that is not allowed" if key.secret else repr(invalid.value)
    return SettingInvalid(
        f"The setting {key.name!r} ({invalid.origin}) is {printable}; allowed is {key.allowed}.",
        remedy="See where settings come from with `ocp config --help`.",
    )


def _is_about(location: list[str], names: tuple[str, ...]) -> bool:
    """Whether a validation error is about a setting; unions append their branches to it."""
    return location[0] in names or ".".join(location[:2]) in names


def _require_token(settings: Settings, origin: str) -> None:
    """Refuse a public host without a token: who reaches the port could use the model."""
    if settings.token is None and not is_loopback(settings.host):
        raise SettingInvalid(
            f"The setting 'host' ({origin}) is {settings.host!r}, which other machines can reach;"
            " that is allowed only with a token.",
            remedy='Set one: `OCP_TOKEN="$(openssl rand -hex 16)"` or `--token`.',
        )
