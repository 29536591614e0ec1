"""The settings as the program uses them: checked, normalised and frozen.

A plain dataclass, because importing pydantic-settings takes a third of the time in which the whole
server should be up.
"""

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_MODEL = "qwen2.5-coder:7b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Models for Claude Code's roles; None means the main model."""

    opus: str | None = None
    sonnet: str | None = None
    haiku: str | None = None
    subagent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. `settings/keys.py` says what each is for and what is allowed.

    `default_named` tells that somebody asked for the default model by its name.
    """

    model: str = DEFAULT_MODEL
    ollama_url: str = "http://127.0.0.1:11434"
    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    debug: bool = False
    log_format: Literal["text", "json"] = "text"
    num_ctx: int | None = None
    keep_alive: str | int = "2h"
    roles: Roles = field(default_factory=Roles)
    anthropic_version: str = "2023-06-01"
    header_grace: float = 10.0
    ping_interval: float = 10.0
    max_body_bytes: int = 64 * 1024 * 1024
    connect_timeout: float = 5.0
    default_named: bool = False

    @property
    def model_named(self) -> bool:
        """Whether somebody chose the model: then no other may be taken in its place."""
        return self.default_named or self.model != DEFAULT_MODEL
