"""The settings and the facts about the model that shape a translation."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tokens import CountPromptTokens, prompt_tokens
from ollama_claude_proxy.wire.model import TemplateFacts

RecallTurn = Callable[[Sequence[str], str], str | None]


def recall_nothing(_identifiers: Sequence[str], _text: str) -> None:
    """Remember nothing."""


class Policy(Struct, frozen=True, kw_only=True):
    """How requests of one model are translated.

    `window` in tokens, which is not sent where the backend's own is left alone (`leaves_window`);
    `tools`: `auto`, `native` or `text`; `template_facts`: what its template does (None: not known).
    `recall_turn` returns the text that the model wrote for a turn, by the ids of its calls and the
    text that the client saw; `count_tokens` counts the tokens of messages and tools.
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
    edit_repair: bool = True
    inert: bool = True
    template_facts: TemplateFacts | None = None
    recall_turn: RecallTurn = recall_nothing
    count_tokens: CountPromptTokens = prompt_tokens
