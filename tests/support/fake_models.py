"""The models of the fake Ollama, as `/api/tags`, `/api/show` and `/api/ps` tell of them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.fake_rendering import RENDERERS
from support.fake_templates import template_of
from support.recordings import transcripts

_ABLE = frozenset({"completion", "tools"})
_ORDER = ("completion", "embedding", "vision", "tools", "insert", "thinking")
_MODIFIED = "2026-11-20T10:00:00.123456789Z"


@dataclass
class FakeModel:
    """A model; `path` is `go-template`, `native` or `parser:NAME`.

    `renders` names its renderer where that is not the usual one of its path; `in_card` is the part
    of it that the graphics card's memory holds.
    """

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
    renders: str = ""
    in_card: float = 1.0

    def __post_init__(self) -> None:
        self.digest = self.digest or hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def native(self) -> bool:
        return self.path == "native"

    @property
    def renderer(self) -> str:
        """What writes its prompts, as `fake_rendering` names it."""
        if self.renders:
            return self.renders
        if self.native:
            return "native:qwen2.5-jinja"
        if self.path == "go-template" and "tools" in self.capabilities:
            return "go-template:qwen2.5"
        named = self.path.replace("parser:", "renderer:")
        return named if named in RENDERERS else "go-template:plain"

    @property
    def dialect(self) -> str:
        """How it writes its calls: as its renderer shows them, if that shows any."""
        parser = self.path.startswith("parser:")
        return "" if parser and self.renderer == "go-template:plain" else self.renderer

    def parses(self, body: dict[str, Any]) -> bool:
        """Whether Ollama looks for calls: a parser always does, a template where tools are."""
        if self.path.startswith("parser:"):
            return self.path != "parser:passthrough"
        return bool(body.get("tools")) and "tools" in self.capabilities

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
        named = self.renders.removeprefix("renderer:") or parser
        text = text.replace("RENDERER qwen3.5", f"RENDERER {named}")
        shown: dict[str, Any] = json.loads(text.replace("qwen3.5", parser or "qwen3.5"))
        if kind == "go-template":
            template = template_of(self.renderer, shown["template"])
            modelfile = shown["modelfile"].replace(shown["template"], template)
            shown |= {"modelfile": modelfile, "template": template}
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
            "size_vram": int(memory * self.in_card),
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


def more_models() -> list[FakeModel]:
    """Give more that differ in what their templates and parsers keep."""
    return [
        FakeModel("llama3.1:8b", renders="go-template:llama3.1", family="llama"),
        FakeModel("lossless:7b", renders="go-template:lossless"),
        FakeModel(
            "glm-4.7:9b",
            path="parser:glm-4.7",
            capabilities=_ABLE | {"thinking"},
            family="glm4moelite",
        ),
    ]
