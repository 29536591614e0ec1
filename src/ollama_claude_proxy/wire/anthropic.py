"""Anthropic's side of the wire, inbound: the body of `/v1/messages`, also to count its tokens.

Tolerant of what is new, strict about what is known: an unknown field is remembered by name, an
unknown block type is kept whole, and a known one of the wrong form fails with the path and the
words that Anthropic's own API uses. Shapes follow the `anthropic` SDK 2.12.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ollama_claude_proxy.errors import InvalidRequest

Content = str | list[dict[str, Any]]


class TextBlock(Struct, frozen=True):
    """Plain text."""

    text: str


class ImageBlock(Struct, frozen=True):
    """An image; `source` has `type` base64 (`media_type`, `data`), url or file."""

    source: dict[str, Any]


class DocumentBlock(Struct, frozen=True):
    """A document; `source` has `type` base64 (a PDF), text, content, url or file."""

    source: dict[str, Any]
    title: str | None = None
    context: str | None = None


class SearchResultBlock(Struct, frozen=True):
    """A search result that the client found; `content` holds text blocks."""

    source: str
    title: str
    content: list[dict[str, Any]]


class ThinkingBlock(Struct, frozen=True):
    """What the model thought before it answered."""

    thinking: str
    signature: str = ""


class RedactedThinkingBlock(Struct, frozen=True):
    """Thinking that only Anthropic can read."""

    data: str = ""


class ToolUseBlock(Struct, frozen=True):
    """A call that the model made."""

    id: str
    name: str
    input: dict[str, Any]


class ToolResultBlock(Struct, frozen=True):
    """What a call gave."""

    tool_use_id: str
    content: Content | None = None
    is_error: bool | None = None


class ToolReferenceBlock(Struct, frozen=True):
    """A deferred tool that is available from here on."""

    tool_name: str


class UnknownBlock(Struct, frozen=True):
    """A block of a type that this version does not know, as it came."""

    type: str
    raw: dict[str, Any]


Block = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ToolResultBlock
    | ToolReferenceBlock
    | UnknownBlock
)

_BLOCKS: Mapping[str, type[Block]] = {
    "text": TextBlock,
    "image": ImageBlock,
    "document": DocumentBlock,
    "search_result": SearchResultBlock,
    "thinking": ThinkingBlock,
    "redacted_thinking": RedactedThinkingBlock,
    "tool_use": ToolUseBlock,
    "tool_result": ToolResultBlock,
    "tool_reference": ToolReferenceBlock,
}


class Message(Struct, frozen=True):
    """One turn. Claude Code also sends the role `system` in the middle of a conversation."""

    role: str
    content: Content


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


class Thinking(Struct, frozen=True):
    """`enabled` (with `budget_tokens`), `adaptive`, `between_tools` or `disabled`."""

    type: str
    budget_tokens: int | None = None


class OutputConfig(Struct, frozen=True):
    """How much effort, and in which form (a JSON schema) to answer."""

    effort: str | None = None
    format: dict[str, Any] | None = None


class MessagesRequest(Struct, frozen=True, kw_only=True):
    """The body of `/v1/messages`; `max_tokens` may be absent only when tokens are counted."""

    model: str
    messages: list[Message]
    max_tokens: int | None = None
    system: Content | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: dict[str, Any] | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    metadata: dict[str, Any] | None = None
    stream: bool | None = None


class Parsed(Struct, frozen=True):
    """A request, and the names of the top-level fields that nothing here reads."""

    request: MessagesRequest
    ignored: tuple[str, ...] = ()


_FIELDS = frozenset(MessagesRequest.__struct_fields__)
_ROLES = frozenset({"user", "assistant", "system"})


def parse_request(body: bytes) -> Parsed:
    """Read the body of a Messages request.

    Raises InvalidRequest, in Anthropic's words, for what is no JSON or of the wrong form.
    """
    raw = _decode(body)
    if not isinstance(raw, dict):
        raise InvalidRequest("The request body is not a JSON object.")
    request = _convert(raw, MessagesRequest, "")
    if not request.messages:
        raise InvalidRequest("messages: at least one message is required")
    for index, message in enumerate(request.messages):
        if message.role not in _ROLES:
            raise InvalidRequest(
                f"messages.{index}.role: Input should be 'user', 'assistant' or 'system'"
            )
    return Parsed(request, tuple(name for name in raw if name not in _FIELDS))


def parse_blocks(content: Content | None, path: str) -> list[Block]:
    """Read string or block content; `path` (`messages.3.content`) goes into error messages."""
    if content is None:
        return []
    if isinstance(content, str):
        return [TextBlock(content)]
    return [parse_block(raw, f"{path}.{index}") for index, raw in enumerate(content)]


def parse_block(raw: dict[str, Any], path: str) -> Block:
    """Read one block; raises InvalidRequest when a known one is malformed."""
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise InvalidRequest(f"{path}.type: Field required")
    known = _BLOCKS.get(kind)
    if known is None:
        return UnknownBlock(kind, raw)
    return _convert(raw, known, path)


# A JavaScript client cuts strings between the two halves of an emoji and sends one half escaped.
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        try:
            return msgspec.json.decode(_mend_unicode(body))
        except msgspec.DecodeError:
            raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply.") from None


def _mend_unicode(body: bytes) -> bytes:
    """Put U+FFFD where bytes are no UTF-8 and where half a surrogate pair stands alone."""
    text = body.decode("utf-8", "replace")
    return _LONE_SURROGATE.sub(r"\1\\ufffd", text).encode("utf-8", "replace")


_T = TypeVar("_T")


def _convert(raw: dict[str, Any], to: type[_T], path: str) -> _T:
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_explain(str(error), path)) from None


_AT = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_WORDS = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "list",
    "object": "dictionary",
}


def _explain(problem: str, path: str) -> str:
    """Turn msgspec's words into Anthropic's: `messages.0.content: Field required`."""
    at = _AT.search(problem)
    inner = re.sub(r"\[(\d+)\]", r".\1", at[1]).strip(".") if at else ""
    reason = problem[: at.start()] if at else problem
    where = ".".join(part for part in (path, inner) if part)
    if missing := _MISSING.search(reason):
        where = ".".join(part for part in (where, missing[1]) if part)
        return f"{where}: Field required"
    if expected := _EXPECTED.search(reason):
        names = [_WORDS.get(name, name) for name in expected[1].split(" | ") if name != "null"]
        reason = f"Input should be a valid {' or '.join(names)}"
    return f"{where}: {reason}" if where else reason
