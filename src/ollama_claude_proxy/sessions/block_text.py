"""The text of content blocks, for searching."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import (
    Block,
    DocumentBlock,
    SearchResultBlock,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ollama_claude_proxy.wire.reminder import REMINDER_TAG

_encode = msgspec.json.Encoder(order="sorted").encode
# Tools that change files, in lower case.
WRITING_TOOLS = frozenset({"edit", "write", "multiedit", "notebookedit"})
# What a call is about.
_SUBJECTS = ("file_path", "notebook_path", "path", "command", "pattern", "query", "url")


def message_text(message: Message) -> str:
    """Return the text of all blocks of a message."""
    return "\n".join(map(block_text, message.content))


def user_text(message: Message) -> str:
    """Return what the user wrote in a message, without reminders and results."""
    texts = (block.text for block in message.content if isinstance(block, TextBlock))
    return "\n".join(text for text in texts if not is_reminder(text))


def is_reminder(text: str) -> bool:
    """Whether a text is a client's reminder to the model, and not the user's words."""
    return text.lstrip().startswith(REMINDER_TAG)


def is_request(message: Message) -> bool:
    """Whether a message is the user's own, and not the result of a call."""
    return message.role == "user" and not has_result(message)


def newest_request(messages: Sequence[Message]) -> int:
    """Return the number of the user's newest message."""
    numbers = range(len(messages) - 1, -1, -1)
    return next((number for number in numbers if is_request(messages[number])), 0)


def begins_turn(message: Message, previous: Message) -> bool:
    """Whether a turn begins: with the user's message, or with the answer to a call's result."""
    if message.role == "assistant":
        return has_result(previous)
    return previous.role == "assistant" and not has_result(message)


def has_result(message: Message) -> bool:
    """Whether a message holds the result of a call."""
    return any(isinstance(block, ToolResultBlock) for block in message.content)


def block_text(block: Block) -> str:
    """Return the text of a block: none for thinking and images."""
    match block:
        case TextBlock(text):
            return text
        case ToolUseBlock():
            return "\n".join(_call_lines(block))
        case ToolResultBlock():
            return _joined(block.content)
        case DocumentBlock():
            return f"{block.title or ''}\n{_document_text(block)}".strip()
        case SearchResultBlock():
            return f"{block.title}\n{_joined(block.content)}".strip()
    return ""


def call_subject(call: ToolUseBlock) -> str:
    """Return what a call is about: its tool and the file, the command or the pattern."""
    subjects = (call.input.get(name) for name in _SUBJECTS)
    subject = next((subject for subject in subjects if isinstance(subject, str)), "")
    return f"{call.name} {subject}".strip()


def adds_text(block: Block) -> bool:
    """Whether a block has more text than its subject, with which its result is marked."""
    if not isinstance(block, ToolUseBlock):
        return True
    texts = [name for name, value in block.input.items() if isinstance(value, str)]
    has_other_text = any(name not in _SUBJECTS for name in texts)
    return has_other_text or "\n" in str(block.input.get("command", ""))


def _joined(blocks: Iterable[Block]) -> str:
    return "\n".join(map(block_text, blocks))


def _document_text(document: DocumentBlock) -> str:
    if document.source.get("type") == "text":
        return str(document.source.get("data"))
    return _joined(document.content)


def _call_lines(call: ToolUseBlock) -> Iterator[str]:
    """Yield a call's input as lines; a text of several lines stands below its name."""
    yield call.name
    for name, value in call.input.items():
        text = _text(value)
        yield f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode()
