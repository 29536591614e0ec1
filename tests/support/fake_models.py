"""The models of the fake Ollama, as `/api/tags`, `/api/show` and `/api/ps` describe them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.fake_rendering import RENDERERS
from support.fake_templates import template_of
from support.recordings import transcripts

_DEFAULT_CAPABILITIES = frozenset({"completion", "tools"})
_CAPABILITY_ORDER = ("completion", "embedding", "vision", "tools", "insert", "thinking")
_MODIFIED = "2026-11-20T10:00:00.123456789Z"


@dataclass
class FakeModel:
    """A model; `path` is `go-template`, `native` or `parser:NAME`.

    `renderer_name` overrides the usual renderer of its path; `vram_share` is the part of it that is
    in the GPU's memory. `tokenizer` has what only a verbose `/api/show` tells in `model_info`.
    """

    name: str
    path: str = "go-template"
    capabilities: frozenset[str] = _DEFAULT_CAPABILITIES
    context_length: int = 32768
    family: str = "qwen2"
    parameter_size: str = "7.6B"
    quantization: str = "Q4_K_M"
    size: int = 4_683_087_332
    parameters: str = ""
    digest: str = field(default="")
    renderer_name: str = ""
    vram_share: float = 1.0
    tokenizer: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.digest = self.digest or hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def native(self) -> bool:
        return self.path == "native"

    @property
    def renderer(self) -> str:
        """The renderer of its prompts, as `fake_rendering` names it."""
        if self.renderer_name:
            return self.renderer_name
        if self.native:
            return "native:qwen2.5-jinja"
        if self.path == "go-template" and "tools" in self.capabilities:
            return "go-template:qwen2.5"
        name = self.path.replace("parser:", "renderer:")
        return name if name in RENDERERS else "go-template:plain"

    @property
    def dialect(self) -> str:
        """The renderer whose call format it writes; "" if a parser's renderer shows no calls."""
        has_parser = self.path.startswith("parser:")
        return "" if has_parser and self.renderer == "go-template:plain" else self.renderer

    def parses(self, body: dict[str, Any]) -> bool:
        """Whether Ollama looks for calls: a parser always does, a template if tools are sent."""
        if self.path.startswith("parser:"):
            return self.path != "parser:passthrough"
        return bool(body.get("tools")) and "tools" in self.capabilities

    def tag(self) -> dict[str, Any]:
        """Return the entry of `/api/tags`; it lacks tools and thinking on the native path."""
        hidden = {"tools", "thinking"} if self.native else set()
        return {
            "name": self.name,
            "model": self.name,
            "modified_at": _MODIFIED,
            "size": self.size,
            "digest": self.digest,
            "details": self.details() | {"context_length": self.context_length},
            "capabilities": [name for name in self._ordered_capabilities() if name not in hidden],
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
        """Return what a real Ollama showed of a model on this path, with the facts of this one."""
        kind, _, parser = self.path.partition(":")
        transcript_id = {"native": "err-show", "parser": "err-show-parser"}.get(kind, "err-show-go")
        transcript = transcripts()[transcript_id]
        recorded = transcript["body_lines"][0].replace(transcript["model"], self.name)
        renderer = self.renderer_name.removeprefix("renderer:") or parser
        recorded = recorded.replace("RENDERER qwen3.5", f"RENDERER {renderer}")
        shown: dict[str, Any] = json.loads(recorded.replace("qwen3.5", parser or "qwen3.5"))
        if kind == "go-template":
            template = template_of(self.renderer, shown["template"])
            modelfile = shown["modelfile"].replace(shown["template"], template)
            shown |= {"modelfile": modelfile, "template": template}
        own_facts = {
            "parameters": self.parameters,
            "details": self.details(),
            "model_info": self._info(shown["model_info"]),
            "capabilities": self._ordered_capabilities(),
            "modified_at": _MODIFIED,
        }
        fields = ("modelfile", "parameters", *(name for name in shown if name != "modelfile"))
        return {
            name: (shown | own_facts)[name]
            for name in fields
            if name != "parameters" or own_facts[name]
        }

    def running(self, memory: int, window: int | None = None) -> dict[str, Any]:
        """Return the entry of `/api/ps`, of `memory` bytes, `vram_share` of them in the GPU."""
        return {
            "name": self.name,
            "model": self.name,
            "size": memory,
            "digest": self.digest,
            "details": self.details(),
            "expires_at": "2026-11-23T18:00:00Z",
            "size_vram": int(memory * self.vram_share),
            "context_length": window or self.context_length,
        }

    def _ordered_capabilities(self) -> list[str]:
        """Return the capabilities in Ollama's order; on the native path tools come first."""
        capabilities = sorted(self.capabilities, key=_CAPABILITY_ORDER.index)
        return (
            sorted(capabilities, key=lambda name: name != "tools") if self.native else capabilities
        )

    def _info(self, recorded: dict[str, Any]) -> dict[str, Any]:
        name = {key.replace("qwen2.", f"{self.family}."): value for key, value in recorded.items()}
        length = f"{self.family}.context_length"
        return name | {"general.architecture": self.family, length: self.context_length}


def library() -> list[FakeModel]:
    """Return one model of each kind."""
    return [
        FakeModel("qwen2.5-coder:7b"),
        FakeModel("my-qwen-gguf:7b", path="native"),
        FakeModel("qwen3-coder:30b", path="parser:qwen3-coder", family="qwen3moe"),
        FakeModel(
            "qwen3.5:9b",
            path="parser:qwen3.5",
            capabilities=_DEFAULT_CAPABILITIES | {"thinking", "vision"},
            family="qwen35",
        ),
        FakeModel(
            "gpt-oss:20b",
            path="parser:harmony",
            capabilities=_DEFAULT_CAPABILITIES | {"thinking"},
            family="gptoss",
        ),
        FakeModel("smollm2:135m", capabilities=frozenset({"completion"}), family="llama"),
        FakeModel("nomic-embed-text:latest", capabilities=frozenset({"embedding"})),
    ]


def template_variants() -> list[FakeModel]:
    """Return models whose templates and parsers keep other things."""
    return [
        FakeModel("llama3.1:8b", renderer_name="go-template:llama3.1", family="llama"),
        FakeModel("lossless:7b", renderer_name="go-template:lossless"),
        FakeModel(
            "glm-4.7:9b",
            path="parser:glm-4.7",
            capabilities=_DEFAULT_CAPABILITIES | {"thinking"},
            family="glm4moelite",
        ),
    ]
