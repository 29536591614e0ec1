"""Ollama's side of the wire: requests of `/api/chat`, and the answers of its other endpoints.

Shapes follow `api/types.go` of Ollama 0.32; what is absent has a default, what is new is ignored.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.json import Decoder

from ollama_claude_proxy.wire.chat import ChatChunk, ChatMessage, ToolDefinition
from ollama_claude_proxy.wire.model import LoadedModel
from ollama_claude_proxy.wire.tokenizer import Tokenizer


class ChatOptions(Struct, frozen=True, omit_defaults=True):
    """`options` of a `/api/chat` request; None is left out, and Ollama's own value holds."""

    num_ctx: int | None = None
    num_predict: int | None = None
    num_keep: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


class ChatRequest(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of `/api/chat`: what is constant first, what may change after the messages."""

    model: str
    think: bool | str | None = None
    tools: Sequence[ToolDefinition] | None = None
    messages: Sequence[ChatMessage]
    format: dict[str, Any] | None = None
    options: ChatOptions
    keep_alive: str | int
    truncate: bool
    logprobs: bool | None = None
    stream: bool


decode_chat_chunk = Decoder(ChatChunk).decode


class RenderedTemplate(Struct):
    """The prompt that a conversation is rendered as."""

    rendered_template: str = ""


class RenderResponse(Struct, rename={"debug_info": "_debug_info"}):
    """The answer of `/api/chat` with `_debug_render_only`; an old Ollama sends an ordinary one."""

    debug_info: RenderedTemplate | None = None


class EmbedResponse(Struct):
    """The answer of `/api/embed`: a vector for each text."""

    embeddings: list[list[float]]


class ModelDetails(Struct):
    """`details` of a model in `/api/tags`, `/api/show` and `/api/ps`."""

    family: str = ""
    parameter_size: str = ""
    quantization_level: str = ""
    context_length: int | None = None


class TagsEntry(Struct):
    """A model in `/api/tags`; `size` is bytes on disk."""

    name: str
    model: str = ""
    size: int = 0
    digest: str = ""
    modified_at: str = ""
    details: ModelDetails = field(default_factory=ModelDetails)
    capabilities: list[str] = field(default_factory=list)
    remote_host: str = ""


class TagsResponse(Struct):
    """The answer of `/api/tags`."""

    models: list[TagsEntry] | None = None


class ShowResponse(Struct):
    """The answer of `/api/show`, as far as it is used."""

    modelfile: str = ""
    template: str = ""
    parameters: str = ""
    details: ModelDetails = field(default_factory=ModelDetails)
    model_info: dict[str, Any] | None = None
    capabilities: list[str] | None = None
    modified_at: str = ""
    remote_host: str = ""


class VerboseShowResponse(Struct):
    """The answer of `/api/show` with `verbose`, as far as it is used."""

    model_info: Tokenizer = field(default_factory=Tokenizer)


class PsResponse(Struct):
    """The answer of `/api/ps`."""

    models: list[LoadedModel] | None = None


class VersionResponse(Struct):
    """The answer of `/api/version`."""

    version: str = ""
