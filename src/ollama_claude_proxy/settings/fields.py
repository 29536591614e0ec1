"""How a setting is described: what it is for, what is allowed, and its variables."""

from typing import Any

from pydantic import AliasChoices, BeforeValidator, Field

MODEL = "the name of a model as in `ollama list`"


def setting(meaning: str, allowed: str, *names: str, **more: Any) -> Any:
    """Describe a setting: its meaning, what is allowed, and its variables if not just OCP_NAME."""
    alias = AliasChoices(*names) if names else None
    extra: dict[str, Any] = {"allowed": allowed}
    return Field(description=meaning, validation_alias=alias, json_schema_extra=extra, **more)


def word() -> BeforeValidator:
    """Take one of several words in any case."""
    return BeforeValidator(lambda word: word.strip().lower() if isinstance(word, str) else word)
