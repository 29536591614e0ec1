"""The client's messages as they are stored: each known by its content and by all before it.

The client sends its whole conversation with every turn, and small things in it change: marks for
caching move, thinking is left out, calls are written anew. None of that makes another message.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import Block, RawBlock, UnknownBlock, parse_block

_encode = msgspec.json.Encoder(order="sorted").encode
_HASH_BYTES = 8
# Where a block names the call that it is or answers.
_REFERENCE_FIELDS = {"tool_use": "id", "tool_result": "tool_use_id"}


class ChainedMessage(Struct, frozen=True, gc=False):
    """A message, and the `hash` of it with all before it, a number that SQLite can hold."""

    hash: int
    message: Message

    @property
    def name(self) -> str:
        """The hash as text."""
        return f"{self.hash:x}"


def chain_messages(messages: Sequence[Message], before: int = 0) -> list[ChainedMessage]:
    """Return the messages as a chain that begins behind the message with the hash `before`."""
    chain: list[ChainedMessage] = []
    for message in messages:
        parts = [part for block in raw_blocks(message) for part in _identity(block)]
        before = stable_hash("\0".join((str(before), message.role, *parts)))
        chain.append(ChainedMessage(before, message))
    return chain


def stable_hash(text: str | bytes) -> int:
    """Return a hash that is the same on every machine, as a number that SQLite can hold."""
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return int.from_bytes(sha256(body).digest()[:_HASH_BYTES], signed=True)


def raw_blocks(message: Message) -> list[RawBlock]:
    """Return the blocks of a message as the client sent them; text by itself is one block."""
    if isinstance(message.raw, str):
        return [{"type": "text", "text": message.raw}]
    return message.raw or []


def canonical_block(raw: RawBlock) -> tuple[str, bytes]:
    """Return the id of the call that a block is or answers, and the block without it, as JSON.

    Marks for caching are left out, and an image is known by its hash. So equal content is one
    block: a file that is read twice has two calls and one result.
    """
    plain = _without_cache_control(raw)
    field = _REFERENCE_FIELDS.get(str(plain.get("type")))
    reference = str(plain.pop(field, "")) if field else ""
    return reference, _encode(plain)


def restore_raw(reference: str, body: bytes) -> RawBlock:
    """Return a block as the client sent it; images stay hashes."""
    raw: RawBlock = msgspec.json.decode(body)
    field = _REFERENCE_FIELDS.get(str(raw.get("type")))
    return {"type": raw.get("type"), field: reference} | raw if field else raw


def restore_block(body: bytes) -> Block:
    """Return a stored block; one that cannot be read any more is unknown."""
    return parse_stored(restore_raw("", body))


def parse_stored(raw: RawBlock) -> Block:
    """Return a block as a value; one that cannot be read any more is unknown."""
    try:
        return parse_block(raw, "block")
    except InvalidRequest:
        return UnknownBlock(str(raw.get("type")), raw)


def _identity(raw: RawBlock) -> Iterator[str]:
    """Yield what identifies a block."""
    match raw.get("type"):
        case "thinking" | "redacted_thinking":
            return
        case "text":
            text = str(raw.get("text", "")).strip()
            if text:
                yield text
        case "tool_use":
            yield f"{raw.get('id')} {raw.get('name')}"
        case "tool_result" if isinstance(raw.get("content"), str):
            yield str(raw.get("tool_use_id"))
            yield raw["content"]
        case _:
            reference, body = canonical_block(raw)
            yield reference
            yield body.decode()


def _without_cache_control(value: Any) -> Any:
    """Return a value without marks for caching, and with a hash in place of an image's data."""
    if isinstance(value, list):
        return [_without_cache_control(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {
        key: _without_cache_control(item) for key, item in value.items() if key != "cache_control"
    }
    if plain.get("type") == "base64" and isinstance(plain.get("data"), str):
        data = plain.pop("data").encode("utf-8", "replace")
        plain["sha256"] = sha256(data).hexdigest()
    return plain
