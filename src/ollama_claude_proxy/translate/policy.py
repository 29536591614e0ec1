"""What the user chose and what is known of the model, as far as it shapes a translation."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.translate.tokens import prompt_tokens
from ollama_claude_proxy.wire.model import TemplateFacts

Count = Callable[[dict[str, Any]], int]
Recall = Callable[[Sequence[str], str], str | None]


def no_recall(_identifiers: Sequence[str], _text: str) -> None:
    """Remember nothing."""


def estimated(body: dict[str, Any]) -> int:
    """Count the tokens of a prompt by its characters."""
    return prompt_tokens(body["messages"], body.get("tools") or [])


class Policy(Struct, frozen=True, kw_only=True):
    """How requests of one model are translated.

    `window` in tokens, which is not sent where Ollama's own is left alone (`leaves_window`);
    `tools`: `auto`, `native` or `text`; `facts`: what its template does, None where nobody could
    say; `recall` gives the text that the model wrote for a turn, by the ids of its calls and the
    text that the client saw; `count` the tokens of a body's messages and tools.
    """

    window: int
    leaves_window: bool = False
    keep_alive: str | int = "2h"
    tools: str = "auto"
    descriptions: str = "auto"
    tool_example: bool = True
    read_calls: bool = True
    second_chances: int = 1
    repeated_calls: int = 3
    inert: bool = True
    facts: TemplateFacts | None = None
    recall: Recall = no_recall
    count: Count = estimated
