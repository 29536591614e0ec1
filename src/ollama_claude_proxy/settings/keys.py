"""The list of all settings, from the fields of `Settings`, for the commands that print them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from ollama_claude_proxy.settings.model import PREFIX, Settings

_SHARED_VARIABLES = frozenset({"DEBUG"})


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: `name` is dotted, as in `roles.opus`; the first of `variables` that is set wins.

    A `secret` value is never printed.
    """

    name: str
    description: str
    allowed: str
    default: Any
    variables: tuple[str, ...]
    secret: bool

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return "--" + self.name.replace(".", "-").replace("_", "-")

    @property
    def shared(self) -> frozenset[str]:
        """The subset of its variables that another program may use too."""
        return _SHARED_VARIABLES & set(self.variables)

    def value(self, settings: Settings) -> Any:
        """Return its value in `settings`."""
        value: Any = settings
        for part in self.name.split("."):
            value = getattr(value, part)
        return value


def _read_keys(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _read_keys(type(field.default), f"{prefix}{name}.")
        else:
            yield _create_key(prefix + name, field)


def _create_key(name: str, field: FieldInfo) -> Key:
    alias, extra = field.validation_alias, field.json_schema_extra
    default_variable = PREFIX + name.replace(".", "__").upper()
    variables = alias.choices if isinstance(alias, AliasChoices) else [default_variable]
    return Key(
        name,
        field.description or "",
        str(extra["allowed"]) if isinstance(extra, dict) else "",
        field.default,
        tuple(map(str, variables)),
        secret=not field.repr,
    )


KEYS = tuple(_read_keys(Settings))
