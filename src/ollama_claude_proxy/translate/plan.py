"""What is sent to Ollama for a request, and what its answer is read with."""

from typing import Any

from msgspec import Struct


class Expectations(Struct, frozen=True, kw_only=True):
    """What the translation of the answer must know of the request.

    `tool_names` are the names that the client offered (empty: a call is text); `thinking` says
    whether the client wants to see thinking; `prefill` is the text of a last assistant turn that
    the native path repeats at the beginning of its answer.
    """

    tool_names: frozenset[str] = frozenset()
    stop_sequences: tuple[str, ...] = ()
    thinking: bool = False
    prefill: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """One `/api/chat` call.

    `prompt_tokens` estimates the prompt with tools and images; `window` is its `num_ctx`, both in
    tokens. `notes` say what the model will not see as the client sent it.
    """

    body: dict[str, Any]
    expectations: Expectations
    prompt_tokens: int
    window: int
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that answers, by Ollama's name."""
        name: str = self.body["model"]
        return name
