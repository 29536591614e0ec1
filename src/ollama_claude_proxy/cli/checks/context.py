"""What the checks of `ocp doctor` have read so far, for the checks that follow."""

from dataclasses import dataclass, field
from pathlib import Path

from ollama_claude_proxy.cli.ollama_status import OllamaStatus
from ollama_claude_proxy.cli.proxy import RunningProxy
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import LoadedSettings, Settings
from ollama_claude_proxy.wire.model import ModelProfile


@dataclass
class CheckContext:
    """`loaded`, `running` and `ollama` are set by the checks of settings, proxy and Ollama."""

    config: Path | None = None
    loaded: LoadedSettings | None = None
    running: RunningProxy | None = None
    ollama: OllamaStatus = field(default_factory=OllamaStatus)

    @property
    def settings(self) -> Settings:
        """The settings; raises OcpError before they have been read."""
        if self.loaded is None:
            raise OcpError("The settings could not be read.")
        return self.loaded.settings

    @property
    def model(self) -> ModelProfile:
        """The model that answers; raises OcpError if there is none."""
        if self.ollama.model is None:
            raise OcpError("No model answers.")
        return self.ollama.model
