"""What is known of one installed model."""

import re

from msgspec import Struct

_PARSERS_THAT_PASS_ON_ANY_NAME = frozenset(
    f"parser:{name}"
    for name in (
        "glm-4.7",
        "harmony",
        "nemotron-3-nano",
        "qwen3",
        "qwen3-coder",
        "qwen3-vl-instruct",
        "qwen3-vl-thinking",
        "qwen3.5",
    )
)


class TemplateFacts(Struct, frozen=True, kw_only=True):
    """What a model's template does with a conversation, as its own renderings show.

    `definitions`: tools are shown whole, as JSON or in a form of the model's own.
    `call_beside_text`: a turn with text and a call keeps both. `prefill`: a last turn of the
    assistant is left open, to be continued. `replays_text`: a turn that is sent back as the text
    that the model wrote is rendered byte for byte as it was generated, so that none of it is read
    again.
    """

    definitions: bool = False
    call_beside_text: bool = False
    prefill: bool = False
    replays_text: bool = False


class ModelProfile(Struct, frozen=True, kw_only=True):
    """Facts about a model, from `/api/show` and `/api/tags`.

    `context_length` is the window in tokens that the model was trained for (None: not known);
    `size` is bytes on disk; `usual_window` the window in tokens that its Modelfile sets, or that
    was found to fit into this machine (None: neither). `render_path` is how Ollama renders and
    parses for it: `go-template`, `native` (llama.cpp's jinja), or `parser:NAME` for a `PARSER` line
    in the Modelfile; `template` is the template's text.
    """

    name: str
    digest: str = ""
    size: int = 0
    family: str = ""
    parameter_size: str = ""
    quantization: str = ""
    modified_at: str = ""
    context_length: int | None = None
    capabilities: frozenset[str] = frozenset()
    usual_window: int | None = None
    render_path: str = "go-template"
    template: str = ""
    cloud: bool = False

    @property
    def tools(self) -> bool:
        """Whether Ollama accepts a `tools` field for it."""
        return "tools" in self.capabilities

    @property
    def vision(self) -> bool:
        """Whether it can see images."""
        return "vision" in self.capabilities

    @property
    def thinking(self) -> bool:
        """Whether it can think before it answers."""
        return "thinking" in self.capabilities

    @property
    def completion(self) -> bool:
        """Whether it writes text at all (an embedding model does not)."""
        return "completion" in self.capabilities

    @property
    def embedding(self) -> bool:
        """Whether it makes vectors of texts."""
        return "embedding" in self.capabilities

    @property
    def passes_unlisted_calls(self) -> bool:
        """Whether a call of a tool that is not in the `tools` field still comes through.

        Most built-in parsers pass it on; the Go-template path swallows it, llama.cpp's grammar
        forbids it and ministral's parser fails the answer (seen on Ollama 0.32.15).
        """
        return self.render_path in _PARSERS_THAT_PASS_ON_ANY_NAME

    @property
    def shuffles_schemas(self) -> bool:
        """Whether Ollama writes the keys of its tool schemas in another order each time.

        qwen3-coder's renderer goes through a Go map (seen on Ollama 0.32.15), which costs the whole
        prefix cache.
        """
        return self.render_path == "parser:qwen3-coder"

    @property
    def has_thinking_levels(self) -> bool:
        """Whether thinking is a level that cannot be switched off (gpt-oss)."""
        return self.render_path == "parser:harmony" or self.family in {"gptoss", "gpt-oss"}


class InstalledModel(Struct, frozen=True, kw_only=True):
    """A model in a backend's list: `size` is bytes on disk, `context_length` tokens."""

    name: str
    digest: str = ""
    size: int = 0
    modified_at: str = ""
    context_length: int | None = None
    cloud: bool = False


class LoadedModel(Struct):
    """A model in memory; `size` and `size_vram` (what the graphics card holds) are bytes."""

    name: str
    model: str = ""
    size: int = 0
    size_vram: int = 0
    digest: str = ""
    context_length: int = 0

    def is_called(self, name: str) -> bool:
        """Whether the model has this name."""
        return name in {self.name, self.model}

    @property
    def fits_gpu(self) -> bool:
        """Whether all of it is in the memory of the graphics card."""
        return self.size_vram >= self.size > 0


class PullProgress(Struct):
    """How far a download is: bytes `completed` of `total` for the layer `digest`."""

    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0
    error: str = ""


_CLOUD_SUFFIX = re.compile(r"[:-]cloud$", re.IGNORECASE)
_NON_SLUG = re.compile(r"[^a-z0-9]+")


def alias(name: str) -> str:
    """Return the id under which Claude Code's discovery keeps a model: `claude-` and a slug.

    `qwen2.5-coder:7b` is `claude-qwen2-5-coder-7b`. Names that differ in punctuation only share
    one; the catalog then takes the first in alphabetical order.
    """
    return f"claude-{_NON_SLUG.sub('-', name.lower()).strip('-')}"


def is_cloud(name: str) -> bool:
    """Whether a name is that of a model that runs in Ollama's cloud."""
    return bool(_CLOUD_SUFFIX.search(name))
