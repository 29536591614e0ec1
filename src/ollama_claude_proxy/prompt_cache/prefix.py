"""Compares prompts: how much of a new one is the beginning of an earlier one, and what differs."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ollama_claude_proxy.translate.tokens import prompt_tokens, text_tokens
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest, ToolDefinition
from ollama_claude_proxy.wire.events import encode_json

# Each message costs some characters of markup in the prompt.
_MARKUP_CHARACTERS = 16


class Prompt(Struct, frozen=True):
    """What a model is shown, as it is compared: `tools` as JSON, `size` in characters."""

    tools: bytes
    messages: Sequence[ChatMessage]
    size: int
    think: bool | str | None = None


class SentPrompt(Struct):
    """A prompt that was sent, and the backend's token counts once it had answered.

    `answered` tells that the model's answer is the last of the prompt's messages.
    """

    prompt: Prompt
    tokens: int = 0
    answer_tokens: int = 0
    answered: bool = False

    @property
    def known_tokens(self) -> int:
        """The tokens of the prompt, with those of the answer where that is part of it."""
        return self.tokens + (self.answer_tokens if self.answered else 0)

    def add_answer(self, generated: str | None, tokens: int, answer_tokens: int) -> None:
        """Record what the backend counted, and the turn that the model added, if it is known."""
        self.tokens, self.answer_tokens = tokens, answer_tokens
        if generated is None:
            return
        answer = ChatMessage("assistant", generated)
        before = self.prompt
        self.prompt = Prompt(
            before.tools, [*before.messages, answer], before.size + _size(answer), before.think
        )
        self.answered = True


class PrefixMatch(Struct, frozen=True):
    """How much of a prompt is the beginning of a prompt that was sent.

    `common` and `size` are characters, `share` is the common part of the tokens, from 0 to 1;
    `mismatch` says where and why the beginning of the conversation changed, empty where it did not.
    `continued` is the prompt that this one continues, if it does.
    """

    common: int = 0
    size: int = 1
    mismatch: str = ""
    continued: SentPrompt | None = None
    share: float = 0.0


def prompt_of(request: ModelRequest) -> Prompt:
    """Return the part of a request that the model is shown."""
    return new_prompt(request.messages, request.tools, request.think)


def new_prompt(
    messages: Sequence[ChatMessage],
    tools: Sequence[ToolDefinition],
    think: bool | str | None = None,
) -> Prompt:
    """Return a prompt, with its size."""
    encoded = encode_json(tools)
    return Prompt(encoded, messages, len(encoded) + sum(map(_size, messages)), think)


def common_prefix_chars(before: Prompt, now: Prompt) -> int:
    """Return how many characters two prompts share at their beginning."""
    if before.tools != now.tools:
        return 0
    common = len(now.tools)
    for earlier, message in zip(before.messages, now.messages, strict=False):
        if not _is_same_message(earlier, message):
            if earlier.role == message.role:
                common += _common_text_chars(earlier.content, message.content)
            break
        common += _size(message)
    return common


def common_prefix_share(before: Prompt, now: Prompt) -> float:
    """Return which part of a prompt's tokens, from 0 to 1, stands at the beginning of an earlier.

    Characters would tell it wrongly: instructions and files have other ones in a token.
    """
    if before.tools != now.tools:
        return 0.0
    common = 0.0
    pairs = zip(before.messages, now.messages, strict=False)
    for earlier, message in pairs:
        if not _is_same_message(earlier, message):
            if earlier.role == message.role:
                count = _common_text_chars(earlier.content, message.content)
                common += text_tokens(message.content[:count])
            break
        common += _tokens(message)
    tools = text_tokens(now.tools.decode())
    return (tools + common) / max(tools + sum(map(_tokens, now.messages)), 1.0)


def continues(before: Prompt, now: Prompt) -> bool:
    """Whether a prompt begins with all of an earlier one."""
    count = len(before.messages)
    return (
        before.tools == now.tools
        and count <= len(now.messages)
        and all(map(_is_same_message, before.messages, now.messages[:count]))
    )


def explain_mismatch(previous: SentPrompt, now: Prompt) -> str:
    """Return where the beginning of a conversation changed; empty if it only grew."""
    before = previous.prompt
    if before.tools != now.tools:
        return f"tools changed: {_tool_difference(before.tools, now.tools)}"
    pairs = enumerate(zip(before.messages, now.messages, strict=False))
    index = next((index for index, pair in pairs if not _is_same_message(*pair)), None)
    if index is None:
        missing = len(before.messages) - len(now.messages)
        return "the conversation was cut back" if missing > int(previous.answered) else ""
    return _explain_message(previous, now, index)


def _explain_message(previous: SentPrompt, now: Prompt, index: int) -> str:
    """Return what the first difference, in the message at `index`, means."""
    before = previous.prompt
    earlier, message = before.messages[index], now.messages[index]
    is_first_turn = earlier.role == message.role != "system" and index <= 1
    if is_first_turn and len(now.messages) < len(before.messages):
        return "compaction, or another conversation"
    is_longer = earlier.role == message.role and message.content.startswith(earlier.content)
    if index == len(now.messages) - 1 and is_longer:
        return ""  # the same, and more
    if previous.answered and index == len(before.messages) - 1:
        return "the model's own turn came back changed"
    where = "system" if message.role == "system" else f"message {index} ({message.role})"
    common = _common_text_chars(earlier.content, message.content)
    return f"{where} changed at char {common:,}"


def _tokens(message: ChatMessage) -> float:
    return float(prompt_tokens([message], ()))


def _size(message: ChatMessage) -> int:
    calls = len(encode_json(message.tool_calls)) if message.tool_calls else 0
    return _MARKUP_CHARACTERS + len(message.content) + len(message.thinking) + calls


def _is_same_message(before: ChatMessage, now: ChatMessage) -> bool:
    """Whether two messages are the same to the model; in its own turns thinking is ignored."""
    return before == now or (
        before.role == now.role == "assistant"
        and before.content == now.content
        and not now.tool_calls
    )


def _common_text_chars(before: str, now: str) -> int:
    """Return the length of the longest common beginning of two texts."""
    low, high = 0, min(len(before), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == now[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _tool_difference(before: bytes, now: bytes) -> str:
    earlier, current = _tool_names(before), _tool_names(now)
    changes = [f"+{name}" for name in current if name not in earlier]
    changes += [f"-{name}" for name in earlier if name not in current]
    return " ".join(changes) or "a definition"


def _tool_names(tools: bytes) -> list[str]:
    definitions = msgspec.json.decode(tools, type=list[ToolDefinition])
    return [definition.function.name for definition in definitions]
