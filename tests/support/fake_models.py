"""The models of the fake Ollama, as `/api/tags`, `/api/show` and `/api/ps` tell of them."""

from dataclasses import dataclass, field
from typing import Any

_GO = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
_JINJA = "{%- for message in messages %}{{ message.content }}{%- endfor %}"
_ABLE = frozenset({"completion", "tools"})


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
    digest: str = field(default="")

    def __post_init__(self) -> None:
        self.digest = self.digest or f"{abs(hash(self.name)):064x}"[:64]

    @property
    def native(self) -> bool:
        return self.path == "native"

    def tag(self) -> dict[str, Any]:
        """Give the entry of `/api/tags`; it lacks tools and thinking on the native path."""
        listed = self.capabilities - ({"tools", "thinking"} if self.native else set())
        return {
            "name": self.name,
            "model": self.name,
            "modified_at": "2026-11-20T10:00:00.123456789Z",
            "size": self.size,
            "digest": self.digest,
            "details": self.details(),
            "capabilities": sorted(listed),
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
        parser = self.path.partition(":")[2]
        template = {"go-template": _GO, "native": _JINJA}.get(self.path, "{{ .Prompt }}")
        lines = f"\nRENDERER {parser}\nPARSER {parser}\n" if parser else ""
        return {
            "modelfile": f"FROM /models/blob\nTEMPLATE {template!r}{lines}",
            "template": template,
            "details": self.details(),
            "model_info": {
                "general.architecture": self.family,
                f"{self.family}.context_length": self.context_length,
            },
            "capabilities": sorted(self.capabilities),
            "modified_at": "2026-11-20T10:00:00.123456789Z",
        }

    def running(self, memory: int) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": self.name,
            "size": memory,
            "digest": self.digest,
            "details": self.details(),
            "expires_at": "2026-11-23T18:00:00Z",
            "size_vram": memory,
            "context_length": self.context_length,
        }


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
