"""Content blocks of Anthropic's messages, parsed once when a request arrives.

Tolerant of what is new, strict about what is known: a block of an unknown type is kept whole, and a
known one of the wrong form fails with its path. Shapes follow the `anthropic` SDK 2.12.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.wire.validation import convert

# Content as it comes: text by itself, or a list of blocks.
RawBlock = dict[str, Any]
RawContent = str | list[RawBlock]


class TextBlock(Struct, frozen=True):
    """Plain text."""

    text: str


class ImageBlock(Struct, frozen=True):
    """An image; `source` has `type` base64 (`media_type`, `data`), url or file."""

    source: dict[str, Any]


class DocumentBlock(Struct, frozen=True):
    """A document; `source` has `type` base64 (a PDF), text, content, url or file.

    `content` are the blocks of a source of the type content.
    """

    source: dict[str, Any]
    title: str | None = None
    context: str | None = None
    content: "tuple[Block, ...]" = ()


class SearchResultBlock(Struct, frozen=True):
    """A search result that the client found; `content` holds text blocks."""

    source: str
    title: str
    content: "tuple[Block, ...]" = ()


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
    """The result of the call `tool_use_id`."""

    tool_use_id: str
    content: "tuple[Block, ...]" = ()
    is_error: bool | None = None


class ToolReferenceBlock(Struct, frozen=True):
    """A deferred tool that is available from here on."""

    tool_name: str


class UnknownBlock(Struct, frozen=True):
    """A block of a type that this version does not know, as it came."""

    type: str
    raw: RawBlock


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


def parse_blocks(content: RawContent | None, path: str) -> tuple[Block, ...]:
    """Parse string or block content; `path` (`messages.3.content`) goes into error messages."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (TextBlock(content),)
    return tuple(parse_block(raw, f"{path}.{index}") for index, raw in enumerate(content))


def parse_block(raw: RawBlock, path: str) -> Block:
    """Parse one block; raises InvalidRequest when a known one is malformed."""
    kind = raw.get("type")
    if not isinstance(kind, str):
        raise InvalidRequest(f"{path}.type: Field required")
    simple = _SIMPLE_BLOCKS.get(kind)
    if simple is not None:
        return convert(raw, simple, path)
    nested = _NESTED_BLOCKS.get(kind)
    return UnknownBlock(kind, raw) if nested is None else nested(raw, path)


class _RawDocument(Struct):
    source: dict[str, Any]
    title: str | None = None
    context: str | None = None


class _RawSearchResult(Struct):
    source: str
    title: str
    content: list[RawBlock]


class _RawToolResult(Struct):
    tool_use_id: str
    content: RawContent | None = None
    is_error: bool | None = None


def _parse_document(raw: RawBlock, path: str) -> Block:
    document = convert(raw, _RawDocument, path)
    content = document.source.get("content")
    has_blocks = document.source.get("type") == "content" and isinstance(content, str | list)
    blocks = parse_blocks(content, f"{path}.source.content") if has_blocks else ()
    return DocumentBlock(document.source, document.title, document.context, blocks)


def _parse_search_result(raw: RawBlock, path: str) -> Block:
    result = convert(raw, _RawSearchResult, path)
    blocks = parse_blocks(result.content, f"{path}.content")
    return SearchResultBlock(result.source, result.title, blocks)


def _parse_tool_result(raw: RawBlock, path: str) -> Block:
    result = convert(raw, _RawToolResult, path)
    blocks = parse_blocks(result.content, f"{path}.content")
    return ToolResultBlock(result.tool_use_id, blocks, result.is_error)


_SIMPLE_BLOCKS: Mapping[str, type[Block]] = {
    "text": TextBlock,
    "image": ImageBlock,
    "thinking": ThinkingBlock,
    "redacted_thinking": RedactedThinkingBlock,
    "tool_use": ToolUseBlock,
    "tool_reference": ToolReferenceBlock,
}
_NESTED_BLOCKS: Mapping[str, Callable[[RawBlock, str], Block]] = {
    "document": _parse_document,
    "search_result": _parse_search_result,
    "tool_result": _parse_tool_result,
}
