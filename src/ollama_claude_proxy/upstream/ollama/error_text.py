"""The text of an error of Ollama's.

Some errors are JSON inside a string, where llama-server's own answer was passed on: they are
unwrapped once.
"""

from typing import Any

import msgspec
from msgspec import Struct

# Enough for any sentence of Ollama's; a whole lost answer would hide the remedy.
MAX_QUOTED = 500


class ErrorText(Struct, frozen=True):
    """The words of an error; for a prompt that is too long, also its tokens and the window."""

    words: str
    tokens: int | None = None
    window: int | None = None


def parse_error_body(body: bytes) -> ErrorText | None:
    """Return the error in a response body, or None when it is not Ollama's JSON."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(answer, dict):
        return parse_error(answer)
    text = parse_error(answer.get("error", answer))
    address = answer.get("signin_url")
    return ErrorText(f"{text.words} ({address})") if isinstance(address, str) else text


def parse_error(error: Any) -> ErrorText:
    """Return the text of an `error` field."""
    if isinstance(error, str) and error.startswith("{"):
        error = _decoded(error)
    if isinstance(error, dict) and isinstance(inner := error.get("error", error), dict):
        error = inner
    if not isinstance(error, dict):
        return ErrorText(quoted(error if isinstance(error, str) else _encoded(error)))
    words = error.get("message")
    return ErrorText(
        quoted(words if isinstance(words, str) else _encoded(error)),
        _as_int(error.get("n_prompt_tokens")),
        _as_int(error.get("n_ctx")),
    )


def quoted(text: str) -> str:
    """Return text as one printable line, shortened, without the full stop."""
    line = " ".join(text.split()).rstrip(".")
    line = "".join(letter if letter.isprintable() else "�" for letter in line[: MAX_QUOTED + 1])
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED]}…"


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _as_int(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count else None
