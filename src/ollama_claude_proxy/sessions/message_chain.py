"""The client's messages as they are kept: each known by what it says and by all before it.

The client sends its whole conversation with every turn, and small things in it change: marks for
caching move, thinking is left out, calls are written anew. None of that makes it another message.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from ollama_claude_proxy.wire.anthropic import Message

_encode = msgspec.json.Encoder(order="sorted").encode
_BYTES = 8
# Where a block names the call that it is or answers.
_REFERENCES = {"tool_use": "id", "tool_result": "tool_use_id"}
# What a call is about.
_SUBJECTS = ("file_path", "notebook_path", "path", "command", "pattern", "query", "url")
Raw = dict[str, Any]


class Entry(Struct, frozen=True, gc=False):
    """A message, and the `hash` of it with all before it, a number that SQLite can hold."""

    hash: int
    message: Message


def chain(messages: Sequence[Message], before: int = 0) -> list[Entry]:
    """Give the messages as a chain that begins behind the entry with the hash `before`."""
    entries: list[Entry] = []
    for message in messages:
        parts = [part for block in blocks_of(message) for part in _identity(block)]
        before = hash_of("\0".join((str(before), message.role, *parts)))
        entries.append(Entry(before, message))
    return entries


def hash_of(text: str | bytes) -> int:
    """Give a hash that SQLite can hold as a number."""
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return int.from_bytes(sha256(body).digest()[:_BYTES], signed=True)


def blocks_of(message: Message) -> list[Raw]:
    """Give the blocks of a message; text by itself is one block."""
    if isinstance(message.content, str):
        return [{"type": "text", "text": message.content}]
    return message.content


def kept(block: Raw) -> tuple[str, bytes]:
    """Give the call that a block is or answers, and the block without it, in one order.

    Marks for caching are left out, and an image is known by its hash. So what says the same is
    the same: a file that is read twice has two calls and one result.
    """
    plain = _plain(block)
    name = _REFERENCES.get(str(plain.get("type")))
    reference = str(plain.pop(name, "")) if name else ""
    return reference, _encode(plain)


def restored(reference: str, body: bytes) -> Raw:
    """Give a block as the client sent it; images stay hashes."""
    block: Raw = msgspec.json.decode(body)
    name = _REFERENCES.get(str(block.get("type")))
    return {"type": block.get("type"), name: reference} | block if name else block


def text_of(block: Raw) -> str:
    """Give the text of a block in which one may search: none for thinking and images."""
    match block.get("type"):
        case "text":
            return str(block.get("text", ""))
        case "tool_use":
            return "\n".join(_lines(block.get("input"), str(block.get("name", ""))))
        case "tool_result":
            return _nested(block.get("content"))
        case "document":
            return f"{block.get('title') or ''}\n{_document(block.get('source'))}".strip()
        case "search_result":
            return f"{block.get('title', '')}\n{_nested(block.get('content'))}".strip()
    return ""


def source_of(call: Raw) -> str:
    """Say what a call was about: its tool and the file, the command or the pattern."""
    given = call.get("input")
    about = ""
    if isinstance(given, dict):
        about = next((given[key] for key in _SUBJECTS if isinstance(given.get(key), str)), "")
    return f"{call.get('name', '')} {about}".strip()


def says_more(block: Raw) -> bool:
    """Whether a block says more than what its result is marked with, such as a file's name."""
    given = block.get("input")
    if block.get("type") != "tool_use" or not isinstance(given, dict):
        return True
    texts = [key for key, value in given.items() if isinstance(value, str)]
    return any(key not in _SUBJECTS for key in texts) or "\n" in str(given.get("command", ""))


def _identity(block: Raw) -> Iterator[str]:
    """Give what makes a block the one it is."""
    match block.get("type"):
        case "thinking" | "redacted_thinking":
            return
        case "text":
            text = str(block.get("text", "")).strip()
            if text:
                yield text
        case "tool_use":
            yield f"{block.get('id')} {block.get('name')}"
        case "tool_result" if isinstance(block.get("content"), str):
            yield str(block.get("tool_use_id"))
            yield block["content"]
        case _:
            reference, body = kept(block)
            yield reference
            yield body.decode()


def _plain(value: Any) -> Any:
    """Leave out marks for caching, and put a hash where an image's data stands."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(one) for key, one in value.items() if key != "cache_control"}
    if plain.get("type") == "base64" and isinstance(plain.get("data"), str):
        data = plain.pop("data").encode("utf-8", "replace")
        plain["sha256"] = sha256(data).hexdigest()
    return plain


def _document(source: Any) -> str:
    if not isinstance(source, dict):
        return ""
    return (
        str(source.get("data")) if source.get("type") == "text" else _nested(source.get("content"))
    )


def _nested(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(text_of(one) for one in content if isinstance(one, dict))


def _lines(value: Any, head: str) -> Iterator[str]:
    """Write what a call was given as lines; a text of several lines stands below its name."""
    yield head
    for name, one in value.items() if isinstance(value, dict) else ():
        text = one if isinstance(one, str) else _encode(one).decode()
        yield f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"
