"""The models of the fake Ollama, as `/api/tags`, `/api/show` and `/api/ps` tell of them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.recordings import transcripts

_ABLE = frozenset({"completion", "tools"})
_PLAIN_TEMPLATE = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
)
_ORDER = ("completion", "embedding", "vision", "tools", "insert", "thinking")
_MODIFIED = "2026-11-20T10:00:00.123456789Z"


@dataclass
class FakeModel:
    """A model; `path` is `go-template`, `native` or `parser:NAME`."""

    name: str
    path: str = "go-template"
    capabilities: frozenset[str] = _ABLE
    context_length: int = 32768
    family: str = "qwen2"
    parameter_size: str = "7.6B"
    quantization: str = "Q4_K_M"
    size: int = 4_683_087_332
    parameters: str = ""
    digest: str = field(default="")

    def __post_init__(self) -> None:
        self.digest = self.digest or hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def native(self) -> bool:
        return self.path == "native"

    def tag(self) -> dict[str, Any]:
        """Give the entry of `/api/tags`; it lacks tools and thinking on the native path."""
        hidden = {"tools", "thinking"} if self.native else set()
        return {
            "name": self.name,
            "model": self.name,
            "modified_at": _MODIFIED,
            "size": self.size,
            "digest": self.digest,
            "details": self.details() | {"context_length": self.context_length},
            "capabilities": [one for one in self._able() if one not in hidden],
        }

    def details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": self.parameter_size,
            "quantization_level": self.quantization,
        }

    def show(self) -> dict[str, Any]:
        """Give what a real Ollama said of a model on this path, with this one's facts."""
        kind, _, parser = self.path.partition(":")
        name = {"native": "err-show", "parser": "err-show-parser"}.get(kind, "err-show-go")
        text = transcripts()[name]["body_lines"][0]
        text = text.replace(transcripts()[name]["model"], self.name)
        shown: dict[str, Any] = json.loads(text.replace("qwen3.5", parser or "qwen3.5"))
        if kind == "go-template" and "tools" not in self.capabilities:
            modelfile = shown["modelfile"].replace(shown["template"], _PLAIN_TEMPLATE)
            shown |= {"modelfile": modelfile, "template": _PLAIN_TEMPLATE}
        changed = {
            "parameters": self.parameters,
            "details": self.details(),
            "model_info": self._info(shown["model_info"]),
            "capabilities": self._able(),
            "modified_at": _MODIFIED,
        }
        fields = ("modelfile", "parameters", *(one for one in shown if one != "modelfile"))
        return {
            one: (shown | changed)[one] for one in fields if one != "parameters" or changed[one]
        }

    def running(self, memory: int, window: int | None = None) -> dict[str, Any]:
        """Give the entry of `/api/ps`: `memory` bytes, all of it the GPU's."""
        return {
            "name": self.name,
            "model": self.name,
            "size": memory,
            "digest": self.digest,
            "details": self.details(),
            "expires_at": "2026-11-23T18:00:00Z",
            "size_vram": memory,
            "context_length": window or self.context_length,
        }

    def _able(self) -> list[str]:
        """Give the capabilities in Ollama's order; on the native path the template's come first."""
        able = sorted(self.capabilities, key=_ORDER.index)
        return sorted(able, key=lambda one: one != "tools") if self.native else able

    def _info(self, recorded: dict[str, Any]) -> dict[str, Any]:
        named = {key.replace("qwen2.", f"{self.family}."): value for key, value in recorded.items()}
        length = f"{self.family}.context_length"
        return named | {"general.architecture": self.family, length: self.context_length}


def library() -> list[FakeModel]:
    """Give one model of each kind."""
    return [
        FakeModel("qwen2.5-coder:7b"),
        FakeModel("my-qwen-gguf:7b", path="native"),
        FakeModel("qwen3-coder:30b", path="parser:qwen3-coder", family="qwen3moe"),
        FakeModel(
            "qwen3.5:9b",
            path="parser:qwen3.5",
            capabilities=_ABLE | {"thinking", "vision"},
            family="qwen35",
        ),
        FakeModel(
            "gpt-oss:20b",
            path="parser:harmony",
            capabilities=_ABLE | {"thinking"},
            family="gptoss",
        ),
        FakeModel("smollm2:135m", capabilities=frozenset({"completion"}), family="llama"),
        FakeModel("nomic-embed-text:latest", capabilities=frozenset({"embedding"})),
    ]
