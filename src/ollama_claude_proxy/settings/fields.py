"""The description of a setting: its purpose, the allowed values, and its variables."""

from typing import Any

from pydantic import AliasChoices, BeforeValidator, Field

MODEL = "the name of a model as in `ollama list`"
SWITCH = "true or false"


def setting(description: str, allowed: str, *variables: str, **constraints: Any) -> Any:
    """Return the field of a setting; `variables` are its variables if not only OCP_NAME."""
    alias = AliasChoices(*variables) if variables else None
    extra: dict[str, Any] = {"allowed": allowed}
    return Field(
        description=description, validation_alias=alias, json_schema_extra=extra, **constraints
    )


def case_insensitive() -> BeforeValidator:
    """Return a validator that strips spaces and accepts upper case for a lower-case word."""
    return BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)
