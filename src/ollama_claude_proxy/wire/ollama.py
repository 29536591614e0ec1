"""Ollama's side of the wire: the lines of a `/api/chat` stream and the answers of its neighbours.

Shapes follow `api/types.go` of Ollama 0.32; what is absent has a default, what is new is ignored.
Durations are nanoseconds. What comes once a token is left out of Python's garbage collection: it
holds no cycles, and the passes that its number would cause are half of what it costs.
"""

from typing import Any

from msgspec import Struct, field
from msgspec.json import Decoder


class ToolCallFunction(Struct, gc=False):
    """Name and complete arguments of a call."""

    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    index: int = 0


class ToolCall(Struct, gc=False):
    """A call as Ollama's parser read it."""

    function: ToolCallFunction
    id: str = ""


class ChatMessage(Struct, gc=False):
    """The new part of the answer that one line brings."""

    role: str = "assistant"
    content: str = ""
    thinking: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)


class Logprob(Struct, gc=False):
    """One token as it was generated; `bytes` of UTF-8 may be a part of a character."""

    token: str = ""
    bytes: list[int] | None = None


class ChatLine(Struct, gc=False):
    """One line of a `/api/chat` stream, or the whole answer when it is not streamed."""

    model: str = ""
    message: ChatMessage | None = None
    done: bool = False
    done_reason: str = ""
    error: Any = None
    logprobs: list[Logprob] | None = None
    prompt_eval_count: int = 0
    prompt_eval_duration: int = 0
    eval_count: int = 0
    eval_duration: int = 0
    load_duration: int = 0
    total_duration: int = 0


decode_chat_line = Decoder(ChatLine).decode


class RenderedTemplate(Struct):
    """The prompt that a conversation is rendered as."""

    rendered_template: str = ""


class Rendering(Struct, rename={"debug_info": "_debug_info"}):
    """The answer of `/api/chat` with `_debug_render_only`; of an old Ollama an ordinary one."""

    debug_info: RenderedTemplate | None = None


class Embeddings(Struct):
    """The answer of `/api/embed`: a vector for each text."""

    embeddings: list[list[float]]


class ModelDetails(Struct):
    """`details` of a model in `/api/tags`, `/api/show` and `/api/ps`."""

    family: str = ""
    parameter_size: str = ""
    quantization_level: str = ""
    context_length: int | None = None


class TagsModel(Struct):
    """A model in `/api/tags`; `size` is bytes on disk."""

    name: str
    model: str = ""
    size: int = 0
    digest: str = ""
    modified_at: str = ""
    details: ModelDetails = field(default_factory=ModelDetails)
    capabilities: list[str] = field(default_factory=list)
    remote_host: str = ""


class Tags(Struct):
    """The answer of `/api/tags`."""

    models: list[TagsModel] | None = None


class Show(Struct):
    """The answer of `/api/show`, as far as it is used."""

    modelfile: str = ""
    template: str = ""
    parameters: str = ""
    details: ModelDetails = field(default_factory=ModelDetails)
    model_info: dict[str, Any] | None = None
    capabilities: list[str] | None = None
    modified_at: str = ""
    remote_host: str = ""


class RunningModel(Struct):
    """A loaded model in `/api/ps`; `size` and `size_vram` are bytes of memory."""

    name: str
    model: str = ""
    size: int = 0
    size_vram: int = 0
    digest: str = ""
    expires_at: str = ""
    context_length: int = 0


class Running(Struct):
    """The answer of `/api/ps`."""

    models: list[RunningModel] | None = None


class Version(Struct):
    """The answer of `/api/version`."""

    version: str = ""


class PullProgress(Struct):
    """A line of `/api/pull`: bytes `completed` of `total` for the layer `digest`."""

    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0
    error: str = ""
