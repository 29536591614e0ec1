"""The models for Claude Code's roles."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from ollama_claude_proxy.settings.fields import MODEL, setting
from ollama_claude_proxy.settings.values import Name


class Roles(BaseModel):
    """The models for Claude Code's roles; None means the main model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opus: Annotated[Name | None, setting("The model that answers for Opus.", MODEL)] = None
    sonnet: Annotated[Name | None, setting("The model that answers for Sonnet.", MODEL)] = None
    haiku: Annotated[
        Name | None, setting("The model that answers for Haiku and small jobs.", MODEL)
    ] = None
    subagent: Annotated[Name | None, setting("The model that answers subagents.", MODEL)] = None
