"""What is asked of a model and what comes back, whichever backend runs it.

These are the terms in which the proxy thinks of a model: a list of messages, tools, and a stream of
chunks. A backend's package under `upstream/` turns them into its own wire format. Their shapes are
those of Ollama's `/api/chat`, so that its lines decode straight into them; durations are
nanoseconds. Structs that come once a token are left out of Python's garbage collection: they hold
no cycles, and the collector's passes would be half of their cost.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field


class ToolCallFunction(Struct, gc=False):
    """Name and complete arguments of a call."""

    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)


class ToolCall(Struct, gc=False):
    """A call as a backend's parser read it, or as a template should write it."""

    function: ToolCallFunction
    id: str = ""


class ChatMessage(Struct, frozen=True, omit_defaults=True):
    """One message of a prompt.

    `images` are base64; `tool_name` and `tool_call_id` are of the call that a message of the role
    `tool` answers.
    """

    role: str
    content: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""
    tool_call_id: str = ""
    images: tuple[str, ...] = ()


class FunctionDefinition(Struct, frozen=True):
    """Name, description and JSON schema of the parameters."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolDefinition(Struct, frozen=True):
    """A tool in the form that models are shown by their templates; `type` is always `function`."""

    type: str
    function: FunctionDefinition


class Sampling(Struct, frozen=True):
    """How the next token is chosen; None leaves it to the model's own settings."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


class ModelRequest(Struct, frozen=True, kw_only=True):
    """One request of a model.

    `window`, `max_tokens` and `keep_tokens` (the prompt's beginning, which a context shift must not
    drop) are tokens; a `window` of None leaves the backend's own. `schema` is the JSON schema that
    a grammar should enforce, `think` whether or how much to think (None: the model cannot), and
    `token_texts` asks for the text of every token.
    """

    model: str
    messages: Sequence[ChatMessage]
    tools: Sequence[ToolDefinition] = ()
    think: bool | str | None = None
    schema: dict[str, Any] | None = None
    window: int | None = None
    max_tokens: int | None = None
    keep_tokens: int | None = None
    sampling: Sampling = Sampling()
    keep_alive: str | int = "2h"
    token_texts: bool = False


class ChatDelta(Struct, gc=False):
    """The new part of the answer that one chunk brings."""

    role: str = "assistant"
    content: str = ""
    thinking: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)


class TokenText(Struct, gc=False):
    """One token as it was generated; `bytes` of UTF-8 may be a part of a character."""

    token: str = ""
    bytes: list[int] | None = None


class ChatChunk(Struct, gc=False):
    """One piece of a streamed answer; the last has `done`, its reason and the counts."""

    model: str = ""
    message: ChatDelta | None = None
    done: bool = False
    done_reason: str = ""
    error: Any = None
    logprobs: list[TokenText] | None = None
    prompt_eval_count: int = 0
    prompt_eval_duration: int = 0
    eval_count: int = 0
    eval_duration: int = 0
    load_duration: int = 0
