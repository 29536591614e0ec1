"""What an error of Ollama says.

Some errors are JSON inside a string, where llama-server's own answer was passed on: they are
unwrapped once.
"""

from typing import Any

import msgspec
from msgspec import Struct

# Enough for any sentence of Ollama's; a whole lost answer would hide the remedy.
MOST_QUOTED = 500


class Said(Struct, frozen=True):
    """The words; and for a prompt that is too long, its tokens and the window."""

    words: str
    tokens: int | None = None
    window: int | None = None


def said_in(body: bytes) -> Said | None:
    """Give what the body of an error says, or None when it is not Ollama's JSON."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(answer, dict):
        return said_of(answer)
    said = said_of(answer.get("error", answer))
    address = answer.get("signin_url")
    return Said(f"{said.words} ({address})") if isinstance(address, str) else said


def said_of(error: Any) -> Said:
    """Give what an `error` field says."""
    if isinstance(error, str) and error.startswith("{"):
        error = _decoded(error)
    if isinstance(error, dict) and isinstance(inner := error.get("error", error), dict):
        error = inner
    if not isinstance(error, dict):
        return Said(quoted(error if isinstance(error, str) else _encoded(error)))
    words = error.get("message")
    return Said(
        quoted(words if isinstance(words, str) else _encoded(error)),
        _count(error.get("n_prompt_tokens")),
        _count(error.get("n_ctx")),
    )


def quoted(text: str) -> str:
    """Give text as one line that is fit to be shown, shortened, without the full stop."""
    shown = " ".join(text.split()).rstrip(".")
    shown = "".join(letter if letter.isprintable() else "�" for letter in shown[: MOST_QUOTED + 1])
    return shown if len(shown) <= MOST_QUOTED else f"{shown[:MOST_QUOTED]}…"


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None
