"""How many tokens a prompt has, before any model has counted it.

A byte-pair vocabulary makes about one token of four characters of English, code or JSON, and about
one of each character of Chinese or Japanese. Measured on Claude Code's own first request with the
Qwen vocabulary: 48.9 kB are 11.5k tokens.
"""

from collections.abc import Iterable
from typing import Any

from ollama_claude_proxy.wire.events import encode_json

_CHARACTERS_PER_TOKEN = 4.0
# Bytes of UTF-8 beyond one a character: 1 for Cyrillic, 2 for Chinese, 3 for emoji.
_TOKENS_PER_EXTRA_BYTE = 0.3
_TOKENS_PER_MESSAGE = 5
# Between 256 (gemma3) and about 1,300 (qwen2.5vl on a screenshot).
_TOKENS_PER_IMAGE = 1000


def prompt_tokens(messages: Iterable[dict[str, Any]], tools: list[dict[str, Any]]) -> int:
    """Estimate the tokens of Ollama's messages and tools."""
    total = text_tokens(encode_json(tools).decode()) if tools else 0.0
    for message in messages:
        total += _TOKENS_PER_MESSAGE + text_tokens(message["content"])
        total += text_tokens(message.get("thinking", ""))
        total += _TOKENS_PER_IMAGE * len(message.get("images", ()))
        if "tool_calls" in message:
            total += text_tokens(encode_json(message["tool_calls"]).decode())
    return int(total) + 1


def text_tokens(text: str) -> float:
    """Estimate the tokens of a text."""
    tokens = len(text) / _CHARACTERS_PER_TOKEN
    if not text.isascii():
        extra = len(text.encode("utf-8", "replace")) - len(text)
        tokens += extra * _TOKENS_PER_EXTRA_BYTE
    return tokens
