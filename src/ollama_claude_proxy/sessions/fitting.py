"""A conversation that is longer than the window, fitted into it.

Whole early turns leave in large, rare steps: when a prompt would not fit, so many go that about
half of the window is free again, and then the boundary stays where it is. So the model reads most
of a prompt anew once in many turns and not in each. What never leaves: the instructions, the first
request, the last turns. A call and its results go together, for they are of one turn.

What left is replaced by a digest, made by rule: files, commands, errors. It stands behind the first
request and changes only when the boundary moves.
"""

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

Message = dict[str, Any]

# The newest turns stay, whatever their size: the open tool loop is among them.
_LAST_TURNS = 4
# What a step leaves of the budget in use.
_KEPT = 0.55
# A digest is a thousand tokens at most, at some three characters a token.
_CHARACTERS = 3
_MOST_NAMED = 12
_MOST_CHARACTERS = 100
_DIGEST_TOKENS = 1000

_FILES = re.compile(r'"(?:file_path|path|notebook_path)":\s*"([^"\\]{1,200})"')
_XML_FILES = re.compile(r"<parameter=(?:file_path|path)>\s*([^\n<]{1,200})")
_COMMANDS = re.compile(r'"command":\s*"((?:[^"\\]|\\.){1,300})"')
_ERRORS = re.compile(
    r"^.*\b(?:error|exception|failed|traceback)\b.*$", re.IGNORECASE | re.MULTILINE
)


class Fitted(Struct, frozen=True):
    """The messages that stay, those that `left`, and how many those are (the `boundary`)."""

    messages: list[Message]
    left: Sequence[Message] = ()

    @property
    def boundary(self) -> int:
        """How many messages behind the opening left."""
        return len(self.left)


def opening_of(messages: Sequence[Message]) -> int:
    """Give how many messages at the beginning never leave: instructions and first request."""
    count = 1 if messages and messages[0]["role"] == "system" else 0
    return min(count + 1, len(messages))


def fit(
    messages: Sequence[Message], sizes: Sequence[int], budget: int, boundary: int
) -> Fitted | None:
    """Fit messages into a budget of tokens; None where what must stay is too large.

    `sizes` are the tokens of each message; `boundary` is how many messages left before: it moves
    on only when it must.
    """
    opening = opening_of(messages)
    begins = _begins(messages, opening)
    boundary = max((at - opening for at in begins if at - opening <= boundary), default=0)

    about = digest_tokens(budget)

    def kept(left: int) -> int:
        return sum(sizes[:opening]) + sum(sizes[opening + left :]) + (about if left else 0)

    if kept(boundary) <= budget:
        return _cut(messages, opening, boundary)
    further = [at - opening for at in begins if at - opening > boundary]
    for choice, most in ((further[:-_LAST_TURNS], _KEPT), (further[:-1], _KEPT), (further, 1.0)):
        enough = next((left for left in choice if kept(left) <= budget * most), None)
        if enough is not None:
            return _cut(messages, opening, enough)
    return None


def _begins(messages: Sequence[Message], opening: int) -> list[int]:
    """Where turns begin: at each turn of the assistant, with what answered it behind it."""
    return [at for at in range(opening, len(messages)) if messages[at]["role"] == "assistant"]


def _cut(messages: Sequence[Message], opening: int, boundary: int) -> Fitted:
    left = messages[opening : opening + boundary]
    kept = [dict(message) for message in (*messages[:opening], *messages[opening + boundary :])]
    return Fitted(kept, left)


def digest_tokens(budget: int) -> int:
    """Give how many tokens of a budget a digest may have."""
    return min(_DIGEST_TOKENS, budget // 10)


def digest(left: Sequence[Message], tokens: int) -> str:
    """Say by rule what happened in turns that left, in so many tokens."""
    text = "\n".join(_whole(message) for message in left)
    parts = [f"{len(left)} messages of this conversation that followed here are left out."]
    named = {
        "Files": [*_FILES.findall(text), *_XML_FILES.findall(text)],
        "Commands": _COMMANDS.findall(text),
        "Errors": [line.strip() for line in _ERRORS.findall(text)],
    }
    for name, found in named.items():
        lines = list(dict.fromkeys(one.strip()[:_MOST_CHARACTERS] for one in found if one.strip()))
        if lines:
            parts.append(f"{name}:\n" + "\n".join(f"- {line}" for line in lines[-_MOST_NAMED:]))
    body = "\n".join(parts)[: tokens * _CHARACTERS - 40]
    return f"<system-reminder>\n{body}\n</system-reminder>"


def _whole(message: Message) -> str:
    calls = "".join(str(call["function"]) for call in message.get("tool_calls", ()))
    return f"{message['content']}\n{calls}".replace("'", '"') if calls else str(message["content"])
