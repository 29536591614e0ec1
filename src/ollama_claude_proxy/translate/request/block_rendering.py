"""Renders each kind of block as a model can be shown it: text, and images if it can see.

One function a kind. What cannot be shown becomes a line of text in its place, the same every turn,
so that the model knows of it, the history stays usable and the prompt's beginning does not change.
A note goes to the log.
"""

import binascii
import re
from collections.abc import Mapping

from msgspec import Struct, field

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard
from ollama_claude_proxy.translate.policy import RecallTurn, recall_nothing
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.schemas import deferred_text
from ollama_claude_proxy.wire.anthropic import Tool
from ollama_claude_proxy.wire.blocks import (
    Block,
    DocumentBlock,
    ImageBlock,
    SearchResultBlock,
    TextBlock,
    ToolReferenceBlock,
    UnknownBlock,
)
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.model import ModelProfile

# Enough to recognise an unknown block; more would be a waste of the prompt.
_MAX_UNKNOWN_CHARACTERS = 2000
_DATA_URL = re.compile(r"^data:[^,]*,")


class RenderedContent(Struct):
    """What a model is shown of a message: pieces of text in order, and images as base64."""

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def joined(self, separator: str) -> str:
        """Return the texts as one."""
        return separator.join(text for text in self.texts if text)


class RenderContext(Struct, frozen=True):
    """What decides how blocks are rendered.

    The model, the deferred tools by name, the notes made; the `dialect` of calls and results (None:
    the backend's own fields); the `guard` that neutralises control tokens; `recall_turn` for the
    text that the model wrote; and `repeated_calls`, the number of equal calls that bring a hint.
    """

    profile: ModelProfile
    deferred: Mapping[str, Tool]
    notes: list[str]
    dialect: Dialect | None = None
    guard: ControlTokenGuard = field(default_factory=ControlTokenGuard)
    recall_turn: RecallTurn = recall_nothing
    repeated_calls: int = 0

    def note(self, text: str) -> None:
        """Note, once, what the model will not see as it was sent."""
        if text not in self.notes:
            self.notes.append(text)


def render_block(block: Block, rendered: RenderedContent, context: RenderContext) -> None:
    """Add what the model is shown of one block to `rendered`."""
    match block:
        case TextBlock(text):
            rendered.texts.append(context.guard.neutralize(text))
        case ImageBlock():
            _render_image(block, rendered, context)
        case DocumentBlock():
            _render_document(block, rendered, context)
        case SearchResultBlock():
            _render_search_result(block, rendered, context)
        case ToolReferenceBlock():
            _render_tool_reference(block, rendered, context)
        case UnknownBlock():
            _render_unknown(block, rendered, context)
        case _:
            kind = type(block).__name__
            context.note(f"a {kind} was left out, because it has no meaning in its place")


def _render_image(block: ImageBlock, rendered: RenderedContent, context: RenderContext) -> None:
    source = block.source
    kind = str(source.get("media_type", "image"))
    data = source.get("data")
    if source.get("type") != "base64" or not isinstance(data, str):
        reason = f"only images sent as base64 can be shown, not {source.get('type')!r}"
    elif not context.profile.vision:
        reason = f"the model {context.profile.name!r} cannot see images"
    elif (image := _base64(data)) is None:
        reason = "its data is not base64"
    else:
        rendered.images.append(image)
        return
    context.note(f"an image was replaced by text: {reason}")
    rendered.texts.append(f"[{kind}: not shown, {reason}]")


def _base64(data: str) -> str | None:
    """Return the data as Ollama reads it; None where it would refuse the whole request."""
    data = _DATA_URL.sub("", data[:200]) + data[200:]
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return None
    return data or None


def _render_document(
    block: DocumentBlock, rendered: RenderedContent, context: RenderContext
) -> None:
    source = block.source
    for line in (block.title, block.context):
        if line:
            rendered.texts.append(context.guard.neutralize(line))
    if source.get("type") == "text" and isinstance(source.get("data"), str):
        rendered.texts.append(context.guard.neutralize(source["data"]))
    elif source.get("type") == "content" and isinstance(source.get("content"), str | list):
        _render_nested(block.content, rendered, context)
    else:
        kind = source.get("media_type") or source.get("type")
        context.note(f"a document of type {kind!r} was replaced by text")
        rendered.texts.append(
            f"[document of type {kind}: not shown, models in Ollama read text only]"
        )


def _render_search_result(
    block: SearchResultBlock, rendered: RenderedContent, context: RenderContext
) -> None:
    rendered.texts.append(context.guard.neutralize(f"{block.title}\n{block.source}"))
    _render_nested(block.content, rendered, context)


def _render_nested(
    blocks: tuple[Block, ...], rendered: RenderedContent, context: RenderContext
) -> None:
    for block in blocks:
        render_block(block, rendered, context)


def _render_tool_reference(
    block: ToolReferenceBlock, rendered: RenderedContent, context: RenderContext
) -> None:
    """Render a deferred tool's definition where it was found, as ToolSearch promises the model."""
    tool = context.deferred.get(block.tool_name)
    if tool is None:
        rendered.texts.append(f"[the tool {block.tool_name!r} is available]")
        return
    definition = deferred_text(tool.name, tool.description or "", tool.input_schema or {})
    rendered.texts.append(f"<functions>\n<function>{definition}</function>\n</functions>")


def _render_unknown(block: UnknownBlock, rendered: RenderedContent, context: RenderContext) -> None:
    context.note(f"a block of the unknown type {block.type!r} was shown as text")
    raw = encode_json(block.raw).decode()
    if len(raw) > _MAX_UNKNOWN_CHARACTERS:
        raw = f"{raw[:_MAX_UNKNOWN_CHARACTERS]}… ({len(raw)} characters)"
    rendered.texts.append(context.guard.neutralize(f"[block of type {block.type}] {raw}"))
