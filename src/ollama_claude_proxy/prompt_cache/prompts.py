"""What each model was shown last, and how much of the next prompt is the same.

Ollama tells how many tokens a prompt has, but not how many of them came from its cache. What it can
have cached is what it was shown: the prompts of the conversations that ran on the model since it
was loaded. So the last of each is kept here, and a new one is compared with all of them. Where the
beginning of the same conversation has changed, that is said with the place and the reason, for it
costs minutes on a slow machine.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.wire.events import encode_json

# As many conversations as a model's host cache may hold; and what they may take of memory.
_MOST_PROMPTS = 16
_MOST_CHARACTERS = 8_000_000
# Each message costs some characters of markup in the prompt.
_MARKUP = 16

Message = dict[str, Any]


class Prompt(Struct):
    """A prompt that ran: its tools, messages and `think`, and what Ollama counted (tokens)."""

    tools: bytes
    messages: Sequence[Message]
    size: int
    think: bool | str | None = None
    tokens: int = 0
    answer_tokens: int = 0
    answered: bool = False


class Shared(Struct, frozen=True):
    """How much of a prompt is what ran before.

    `same` and `size` are characters; `broke` says where and why the beginning of the conversation
    changed, or nothing. `whole` is the prompt that this one continues, if it does.
    """

    same: int = 0
    size: int = 1
    broke: str = ""
    whole: Prompt | None = None

    @property
    def part(self) -> float:
        """The shared part, from 0 to 1."""
        return self.same / max(self.size, 1)


class Prompts:
    """The last prompts, by model and conversation."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Prompt] = OrderedDict()

    def look(self, model: str, conversation: str, body: dict[str, Any]) -> Shared:
        """Compare a prompt with those that ran."""
        tools, messages = encode_json(body.get("tools")), body["messages"]
        own = self._kept.get((model, conversation))
        best, whole = 0, None
        for (ran, _), prompt in self._kept.items():
            if ran == model:
                same = _same(prompt, tools, messages)
                best = max(best, same)
                if _continues(prompt, tools, messages) and (
                    whole is None or len(prompt.messages) > len(whole.messages)
                ):
                    whole = prompt
        broke = "" if own is None or own is whole else _reason(own, tools, messages)
        return Shared(best, _size(tools, messages), broke, whole)

    def keep(self, model: str, conversation: str, body: dict[str, Any]) -> Prompt:
        """Remember a prompt that runs now; what it has cost is filled in when it is known."""
        tools, messages = encode_json(body.get("tools")), list(body["messages"])
        prompt = Prompt(tools, messages, _size(tools, messages), body.get("think"))
        self._kept.pop((model, conversation), None)
        self._kept[model, conversation] = prompt
        while len(self._kept) > _MOST_PROMPTS or self._characters() > _MOST_CHARACTERS:
            if len(self._kept) == 1:
                break
            self._kept.popitem(last=False)
        return prompt

    def last(self, model: str) -> tuple[str, Prompt] | None:
        """Give the conversation whose prompt ran last on a model, and that prompt."""
        for (ran, conversation), prompt in reversed(self._kept.items()):
            if ran == model:
                return conversation, prompt
        return None

    def own(self, model: str, conversation: str) -> Prompt | None:
        """Give the last prompt of a conversation."""
        return self._kept.get((model, conversation))

    def forget(self, model: str, but: Prompt | None) -> None:
        """The model was loaded anew: of what ran before, nothing is cached."""
        for key in [key for key, one in self._kept.items() if key[0] == model and one is not but]:
            del self._kept[key]

    def _characters(self) -> int:
        return sum(prompt.size for prompt in self._kept.values())


def answered(prompt: Prompt, raw: str | None, tokens: int, answer_tokens: int) -> None:
    """Fill in what Ollama counted, and the turn that the model added to the prompt."""
    prompt.tokens, prompt.answer_tokens = tokens, answer_tokens
    if raw is not None:
        prompt.messages = [*prompt.messages, {"role": "assistant", "content": raw}]
        prompt.size += len(raw) + _MARKUP
        prompt.answered = True


def shared_characters(one: Prompt, other: Prompt) -> int:
    """Give how many characters two prompts share at their beginning."""
    return _same(one, other.tools, other.messages)


def _size(tools: bytes, messages: Sequence[Message]) -> int:
    return len(tools) + sum(map(_length, messages))


def _length(message: Message) -> int:
    return (
        _MARKUP
        + len(message["content"])
        + len(message.get("thinking", ""))
        + (len(encode_json(message["tool_calls"])) if "tool_calls" in message else 0)
    )


def _same(prompt: Prompt, tools: bytes, messages: Sequence[Message]) -> int:
    """Count the characters at the beginning that are the same."""
    if prompt.tools != tools:
        return 0
    same = len(tools)
    for before, now in zip(prompt.messages, messages, strict=False):
        if not _equal(before, now):
            if before["role"] == now["role"]:
                same += _common(before["content"], now["content"])
            break
        same += _length(now)
    return same


def _equal(before: Message, now: Message) -> bool:
    return before == now or (
        before["role"] == now["role"] == "assistant"
        and before["content"] == now["content"]
        and "tool_calls" not in now
    )


def _continues(prompt: Prompt, tools: bytes, messages: Sequence[Message]) -> bool:
    count = len(prompt.messages)
    return (
        prompt.tools == tools
        and count <= len(messages)
        and all(map(_equal, prompt.messages, messages[:count]))
    )


def _common(one: str, other: str) -> int:
    """Give the length of the longest common beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _reason(own: Prompt, tools: bytes, messages: Sequence[Message]) -> str:
    """Say where the beginning of a conversation changed; nothing if it only grew."""
    if own.tools != tools:
        return f"tools changed: {_difference(own.tools, tools)}"
    pairs = zip(own.messages, messages, strict=False)
    index = next((at for at, pair in enumerate(pairs) if not _equal(*pair)), None)
    if index is None:
        missing = len(own.messages) - len(messages)
        return "the conversation was cut back" if missing > int(own.answered) else ""
    before, now = own.messages[index], messages[index]
    begins_anew = before["role"] == now["role"] != "system" and index <= 1
    if begins_anew and len(messages) < len(own.messages):
        return "compaction, or another conversation"
    if index == len(messages) - 1 and now["content"].startswith(before["content"]):
        return ""  # the same, and more
    if own.answered and index == len(own.messages) - 1:
        return "the model's own turn came back changed"
    where = "system" if now["role"] == "system" else f"message {index} ({now['role']})"
    return f"{where} changed at char {_common(before['content'], now['content']):,}"


def _difference(before: bytes, now: bytes) -> str:
    one, other = _names(before), _names(now)
    words = [f"+{name}" for name in other if name not in one]
    words += [f"-{name}" for name in one if name not in other]
    return " ".join(words) or "a definition"


def _names(tools: bytes) -> list[str]:
    import msgspec  # noqa: PLC0415  # only here, when something went wrong

    listed = msgspec.json.decode(tools) or []
    return [tool["function"]["name"] for tool in listed]
