"""How many tokens a prompt has, before any model has counted it.

What a token holds depends on what is written: four or five characters of prose, but one digit, one
or two characters of base64, half a Chinese character. So characters are counted by their kind, each
with its tokens. The weights were fitted on Qwen's vocabulary over source code, prose, JSON, logs,
tables of numbers, base64, German, Russian and Chinese: by kind of text they are within a tenth, and
base64 a quarter low. It is the way to count until the model's own vocabulary is there, and where
there is none; how other vocabularies differ is learned from the model's answers.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ollama_claude_proxy.wire.chat import ChatMessage, ToolDefinition
from ollama_claude_proxy.wire.events import encode_json

CountPromptTokens = Callable[[Sequence[ChatMessage], Sequence[ToolDefinition]], int]
CountText = Callable[[str], float]

_DIGITS = b"0123456789"
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = bytes(code for code in range(0x21, 0x7F) if not chr(code).isalnum())
_ASCII = bytes(range(0x80))
_TOKENS_PER_DIGIT = 1.25
_TOKENS_PER_LETTER = 0.27
_TOKENS_PER_LINE_END = 0.12
_TOKENS_PER_SIGN = 0.62
# Bytes of UTF-8 beyond ASCII: 2 for a Cyrillic letter, 3 for a Chinese character.
_TOKENS_PER_OTHER_BYTE = 0.2
# Capitals amid small letters end tokens; where no spaces are, that is base64 and not prose.
_TOKENS_PER_MIXED_CAPITAL = 2.7
_MAX_SPACES_OF_MIXED = 1 / 8
_MIN_REMEMBERED_CHARACTERS = 200
_MAX_REMEMBERED = 20_000
# What a template writes around a message, about.
TOKENS_PER_MESSAGE = 5.0
# What templates write around a tool and its parameters: 47 to 98 with those of Claude Code.
_TOKENS_PER_TOOL = 70
# Between 256 (gemma3) and about 1,300 (qwen2.5vl on a screenshot).
TOKENS_PER_IMAGE = 1000


class PromptSize(Struct, frozen=True):
    """What a prompt consists of: the tokens of its texts and of its tools as JSON, messages."""

    texts: float = 0.0
    tools: float = 0.0
    messages: int = 0
    images: int = 0

    @property
    def tokens(self) -> float:
        """The tokens of the prompt, with what a template usually writes around a message."""
        return (
            self.texts
            + self.tools
            + TOKENS_PER_MESSAGE * self.messages
            + TOKENS_PER_IMAGE * self.images
        )


def prompt_tokens(messages: Sequence[ChatMessage], tools: Sequence[ToolDefinition]) -> int:
    """Estimate the tokens of a prompt."""
    return int(prompt_size(messages, tools, text_tokens).tokens) + 1


def prompt_size(
    messages: Iterable[ChatMessage], tools: Sequence[ToolDefinition], count_text: CountText
) -> PromptSize:
    """Return what a prompt consists of, its texts counted by `count_text`."""
    texts, count, images = 0.0, 0, 0
    for message in messages:
        count += 1
        images += len(message.images)
        texts += count_text(message.content) + count_text(message.thinking)
        if message.tool_calls:
            texts += count_text(encode_json(message.tool_calls).decode())
    definitions = count_text(encode_json(tools).decode()) if tools else 0.0
    return PromptSize(texts, definitions + _TOKENS_PER_TOOL * len(tools), count, images)


def remembering(count_text: CountText) -> CountText:
    """Return a function that counts a text once.

    A client sends its whole conversation with every turn. What is short is counted as fast as it is
    looked up.
    """
    counted: dict[tuple[int, int], float] = {}

    def count(text: str) -> float:
        if len(text) < _MIN_REMEMBERED_CHARACTERS:
            return count_text(text) if text else 0.0
        key = hash(text), len(text)
        tokens = counted.get(key)
        if tokens is None:
            if len(counted) >= _MAX_REMEMBERED:
                counted.clear()
            tokens = counted[key] = count_text(text)
        return tokens

    return count


def _estimate(text: str) -> float:
    data = text.encode("utf-8", "replace")
    size, line_ends = len(data), data.count(b"\n")
    digits, capitals, signs = (_count(data, kind) for kind in (_DIGITS, _CAPITALS, _SIGNS))
    others = 0 if text.isascii() else size - _count(data, _ASCII)
    spaces = data.count(b" ") + data.count(b"\t") + data.count(b"\r")
    letters = max(size - digits - signs - line_ends - others - spaces, 1)
    mixed = capitals * (capitals / letters) * (1 - capitals / letters)
    mixed *= max(1 - (spaces + line_ends) / size / _MAX_SPACES_OF_MIXED, 0)
    return (
        _TOKENS_PER_DIGIT * digits
        + _TOKENS_PER_LETTER * letters
        + _TOKENS_PER_LINE_END * line_ends
        + _TOKENS_PER_SIGN * signs
        + _TOKENS_PER_OTHER_BYTE * others
        + _TOKENS_PER_MIXED_CAPITAL * mixed
    )


def _count(data: bytes, kind: bytes) -> int:
    """Return how many bytes are of a kind."""
    return len(data) - len(data.translate(None, kind))


text_tokens = remembering(_estimate)
