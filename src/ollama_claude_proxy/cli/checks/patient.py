"""What the checks of `ocp doctor` have found so far and hand on to later ones."""

from dataclasses import dataclass, field
from pathlib import Path

from ollama_claude_proxy.cli.preflight import Look
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import LoadedSettings, Settings
from ollama_claude_proxy.wire.model import ModelProfile


@dataclass
class Patient:
    """`loaded` is set by the check of the settings, `seen` by that of Ollama."""

    config: Path | None = None
    loaded: LoadedSettings | None = None
    seen: Look = field(default_factory=Look)

    @property
    def settings(self) -> Settings:
        """The settings; only checks that need them to be readable may ask."""
        if self.loaded is None:
            raise OcpError("The settings could not be read.")
        return self.loaded.settings

    @property
    def model(self) -> ModelProfile:
        """The model that answers; only checks that need one may ask."""
        if self.seen.model is None:
            raise OcpError("No model answers.")
        return self.seen.model
