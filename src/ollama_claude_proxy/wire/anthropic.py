"""Anthropic's side of the wire, inbound: the body of `/v1/messages`, also to count its tokens.

An unknown field is remembered by name; a known one of the wrong form fails with its path, in the
words that Anthropic's own API uses. Shapes follow the `anthropic` SDK 2.12.
"""

from typing import Any

from msgspec import Struct

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.wire.blocks import Block, RawContent, parse_blocks
from ollama_claude_proxy.wire.validation import convert, decode_json


class Message(Struct, frozen=True):
    """One turn. Claude Code also sends the role `system` in the middle of a conversation.

    `raw` is the content as the client sent it; None for a message that the proxy made or changed.
    """

    role: str
    content: tuple[Block, ...]
    raw: RawContent | None = None

    def with_blocks(self, *blocks: Block) -> "Message":
        """Return the same with further blocks."""
        return Message(self.role, (*self.content, *blocks))


class Tool(Struct, frozen=True):
    """A tool that the model may call; `type` is set for those that Anthropic runs itself."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    type: str | None = None
    defer_loading: bool | None = None


class ToolChoice(Struct, frozen=True):
    """Whether the model may (`auto`), must (`any`, `tool` by `name`) or must not (`none`) call."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingConfig(Struct, frozen=True):
    """`enabled` (with `budget_tokens`), `adaptive`, `between_tools` or `disabled`."""

    type: str
    budget_tokens: int | None = None


class OutputConfig(Struct, frozen=True):
    """How much effort, and in which form (a JSON schema) to answer."""

    effort: str | None = None
    format: dict[str, Any] | None = None


class _RequestFields(Struct, frozen=True, kw_only=True):
    """The fields of a request that are used as they are decoded."""

    model: str
    max_tokens: int | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    output_format: dict[str, Any] | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    metadata: dict[str, Any] | None = None
    stream: bool | None = None


class MessagesRequest(_RequestFields, frozen=True, kw_only=True):
    """The body of `/v1/messages`; `max_tokens` may be absent only when tokens are counted.

    `ignored` are the names of the top-level fields that nothing here reads.
    """

    messages: tuple[Message, ...]
    system: tuple[Block, ...] = ()
    ignored: tuple[str, ...] = ()


class _RawMessage(Struct):
    role: str
    content: RawContent


class _RawRequest(_RequestFields, frozen=True, kw_only=True):
    messages: list[_RawMessage]
    system: RawContent | None = None


_FIELDS = frozenset(_RawRequest.__struct_fields__)
_COMMON_FIELDS = _RequestFields.__struct_fields__
_ROLES = frozenset({"user", "assistant", "system"})


def parse_request(body: bytes) -> MessagesRequest:
    """Parse the body of a Messages request.

    Raises InvalidRequest, in Anthropic's words, for what is not JSON or of the wrong form.
    """
    raw = decode_json(body)
    if not isinstance(raw, dict):
        raise InvalidRequest("The request body is not a JSON object.")
    request = convert(raw, _RawRequest, "")
    if not request.messages:
        raise InvalidRequest("messages: at least one message is required")
    return MessagesRequest(
        **{name: getattr(request, name) for name in _COMMON_FIELDS},
        messages=tuple(
            parse_message(message.role, message.content, f"messages.{index}")
            for index, message in enumerate(request.messages)
        ),
        system=parse_blocks(request.system, "system"),
        ignored=tuple(name for name in raw if name not in _FIELDS),
    )


def parse_message(role: str, content: RawContent, path: str = "message") -> Message:
    """Parse one message; raises InvalidRequest for an unknown role or a malformed block."""
    if role not in _ROLES:
        raise InvalidRequest(f"{path}.role: Input should be 'user', 'assistant' or 'system'")
    return Message(role, parse_blocks(content, f"{path}.content"), content)
