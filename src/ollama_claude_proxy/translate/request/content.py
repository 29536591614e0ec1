"""What a model can be shown of each kind of block: text, and images where it can see.

One function a kind. What cannot be shown becomes a line of text in its place, the same every turn,
so that the model knows of it, the history stays usable and the prompt's beginning does not change;
and a note for the log.
"""

import binascii
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ollama_claude_proxy.translate.control_tokens import Inert
from ollama_claude_proxy.translate.policy import Recall, no_recall
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.schemas import deferred_text
from ollama_claude_proxy.wire.anthropic import (
    Block,
    DocumentBlock,
    ImageBlock,
    SearchResultBlock,
    TextBlock,
    Tool,
    ToolReferenceBlock,
    UnknownBlock,
    parse_blocks,
)
from ollama_claude_proxy.wire.events import encode_json
from ollama_claude_proxy.wire.model import ModelProfile

# Enough to recognise an unknown block by; more would be prompt for nothing.
_MOST_UNKNOWN_CHARACTERS = 2000
_DATA_URL = re.compile(r"^data:[^,]*,")


class Shown(Struct):
    """What a message shows: pieces of text in order, and images as base64."""

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def joined(self, separator: str) -> str:
        """Give the texts as one."""
        return separator.join(text for text in self.texts if text)


class Showing(Struct, frozen=True):
    """What decides how blocks are shown.

    The model, the deferred tools by name, the notes made; the `dialect` of calls and results (None:
    Ollama's own fields); what makes control tokens `inert`; `recall` for what the model wrote, and
    `repeated_calls` for when it is told that it repeats itself.
    """

    profile: ModelProfile
    deferred: Mapping[str, Tool]
    notes: list[str]
    dialect: Dialect | None = None
    inert: Inert = field(default_factory=Inert)
    recall: Recall = no_recall
    repeated_calls: int = 0

    def note(self, text: str) -> None:
        """Note once what the model will not see as it was sent."""
        if text not in self.notes:
            self.notes.append(text)


def show(block: Block, shown: Shown, showing: Showing, path: str) -> None:
    """Add what the model is shown of one block to `shown`."""
    match block:
        case TextBlock(text):
            shown.texts.append(showing.inert.make(text))
        case ImageBlock():
            _image(block, shown, showing)
        case DocumentBlock():
            _document(block, shown, showing, path)
        case SearchResultBlock():
            _search_result(block, shown, showing, path)
        case ToolReferenceBlock():
            _tool_reference(block, shown, showing)
        case UnknownBlock():
            _unknown(block, shown, showing)
        case _:
            kind = type(block).__name__
            showing.note(f"a {kind} stands where it has no meaning and was left out")


def _image(block: ImageBlock, shown: Shown, showing: Showing) -> None:
    source = block.source
    kind = str(source.get("media_type", "image"))
    data = source.get("data")
    if source.get("type") != "base64" or not isinstance(data, str):
        reason = f"only images sent as base64 can be shown, not {source.get('type')!r}"
    elif not showing.profile.vision:
        reason = f"the model {showing.profile.name!r} cannot see images"
    elif (image := _base64(data)) is None:
        reason = "its data is not base64"
    else:
        shown.images.append(image)
        return
    showing.note(f"an image was replaced by text: {reason}")
    shown.texts.append(f"[{kind}: not shown, {reason}]")


def _base64(data: str) -> str | None:
    """Give the data as Ollama reads it, or None where it would refuse the whole request."""
    data = _DATA_URL.sub("", data[:200]) + data[200:]
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return None
    return data or None


def _document(block: DocumentBlock, shown: Shown, showing: Showing, path: str) -> None:
    source = block.source
    content = source.get("content")
    for line in (block.title, block.context):
        if line:
            shown.texts.append(showing.inert.make(line))
    if source.get("type") == "text" and isinstance(source.get("data"), str):
        shown.texts.append(showing.inert.make(source["data"]))
    elif source.get("type") == "content" and isinstance(content, str | list):
        _nested(content, shown, showing, f"{path}.source.content")
    else:
        kind = source.get("media_type") or source.get("type")
        showing.note(f"a document of type {kind!r} was replaced by text")
        shown.texts.append(f"[document of type {kind}: not shown, models in Ollama read text only]")


def _search_result(block: SearchResultBlock, shown: Shown, showing: Showing, path: str) -> None:
    shown.texts.append(showing.inert.make(f"{block.title}\n{block.source}"))
    _nested(block.content, shown, showing, f"{path}.content")


def _nested(content: str | list[dict[str, Any]], shown: Shown, showing: Showing, path: str) -> None:
    for index, inner in enumerate(parse_blocks(content, path)):
        show(inner, shown, showing, f"{path}.{index}")


def _tool_reference(block: ToolReferenceBlock, shown: Shown, showing: Showing) -> None:
    """Put a deferred tool's definition where it was found, as ToolSearch promises the model."""
    tool = showing.deferred.get(block.tool_name)
    if tool is None:
        shown.texts.append(f"[the tool {block.tool_name!r} is available]")
        return
    definition = deferred_text(tool.name, tool.description or "", tool.input_schema or {})
    shown.texts.append(f"<functions>\n<function>{definition}</function>\n</functions>")


def _unknown(block: UnknownBlock, shown: Shown, showing: Showing) -> None:
    showing.note(f"a block of the unknown type {block.type!r} was shown as text")
    raw = encode_json(block.raw).decode()
    if len(raw) > _MOST_UNKNOWN_CHARACTERS:
        raw = f"{raw[:_MOST_UNKNOWN_CHARACTERS]}… ({len(raw)} characters)"
    shown.texts.append(showing.inert.make(f"[block of type {block.type}] {raw}"))
