"""The list of all settings, read off the fields of `Settings`, for whoever shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from ollama_claude_proxy.settings.model import PREFIX, Settings

_SHARED = frozenset({"DEBUG"})


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: `roles.opus` is its name in dots, `variables` set it, the first wins.

    A `secret` value is never shown.
    """

    name: str
    meaning: str
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
        """Those of its variables that may be meant for another program."""
        return _SHARED & set(self.variables)

    def value(self, settings: Settings) -> Any:
        """Its value in `settings`."""
        found: Any = settings
        for part in self.name.split("."):
            found = getattr(found, part)
        return found


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _keys(type(field.default), f"{prefix}{name}.")
        else:
            yield _key(prefix + name, field)


def _key(name: str, field: FieldInfo) -> Key:
    alias, extra = field.validation_alias, field.json_schema_extra
    own = PREFIX + name.replace(".", "__").upper()
    variables = alias.choices if isinstance(alias, AliasChoices) else [own]
    return Key(
        name,
        field.description or "",
        str(extra["allowed"]) if isinstance(extra, dict) else "",
        field.default,
        tuple(map(str, variables)),
        secret=not field.repr,
    )


KEYS = tuple(_keys(Settings))
