"""What a model is asked, and what is needed to read its answer."""

from typing import Any, Literal

from msgspec import Struct, field

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.plain import PLAIN
from ollama_claude_proxy.translate.tools.edits.edit_repair import EditRepair
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.chat import ModelRequest

FollowUpKind = Literal["arguments", "name", "answer", "structure"]


# Counting and clocks are right within so much of a prompt.
_UNSURE_SHARE = 0.015


class FollowUp(Struct, frozen=True, kw_only=True):
    """A further request for one thing only, so that a grammar can make it right.

    `kind`: the `arguments` of a `tool`, the `name` of one, the whole `answer` once more, or a
    `structure` that follows a `schema`. `before` is the valid text that the model wrote
    before; `problem` is what was wrong with the text after it. `shown` is what the model must see
    to do better; with it the turn is not continued, but asked for.
    """

    kind: FollowUpKind
    tool: OfferedTool | None = None
    schema: dict[str, Any] | None = None
    before: str = ""
    problem: str = ""
    shown: str = ""


class Expectations(Struct, frozen=True, kw_only=True):
    """What the translation of the answer needs of the request.

    `toolbox` are the tools that the client offered (empty: a call is text), `tool_list` the text
    that shows them (empty: the backend does), `reads_calls` whether calls are read out of text;
    `shows_thinking` whether the client wants to see thinking; `prefill` is the text of a last
    assistant turn that the native path repeats at the beginning of its answer. `must_call`: an
    answer without a call is not enough; `single_call`: no more than one.
    `schema` is what the answer's text must follow, `schema_enforced` whether a grammar enforces it.
    `retries` is how often the model may be asked again, and `follow_up` what this request itself
    asks for. `guard` restores control tokens, `edits` repairs calls that change files.
    """

    toolbox: Toolbox = field(default_factory=Toolbox)
    tool_list: str = ""
    reads_calls: bool = False
    stop_sequences: tuple[str, ...] = ()
    shows_thinking: bool = False
    prefill: str = ""
    must_call: bool = False
    single_call: bool = False
    schema: dict[str, Any] | None = None
    schema_enforced: bool = False
    retries: int = 0
    follow_up: FollowUp | None = None
    guard: ControlTokenGuard = field(default_factory=ControlTokenGuard)
    edits: EditRepair = field(default_factory=EditRepair)


class ExpectedCache(Struct, frozen=True):
    """What of a prompt the backend should have cached, because it was shown that before.

    `tokens` is what it has counted of that, where it has; otherwise `share` is the part of the
    prompt, from 0 to 1. `nanoseconds_per_token` is how fast it reads what it has not, if known.
    """

    share: float = 0.0
    tokens: int | None = None
    nanoseconds_per_token: float | None = None

    def count(self, prompt_tokens: int, duration: int = 0) -> int:
        """Return the cached tokens of a prompt, which the backend has read for `duration`.

        It has lost what it read longer for: another program, or another conversation, took the
        slot. At least one token must be read.
        """
        cached = int(prompt_tokens * self.share) if self.tokens is None else self.tokens
        cached = max(min(cached, prompt_tokens - 1), 0)
        if duration <= 0 or not self.nanoseconds_per_token:
            return cached
        really_cached = prompt_tokens - int(duration / self.nanoseconds_per_token)
        is_lost = cached - really_cached > prompt_tokens * _UNSURE_SHARE
        return max(really_cached, 0) if is_lost else cached


NOTHING_CACHED = ExpectedCache()


class Plan(Struct, frozen=True, kw_only=True):
    """One request of a model, and how to read its answer.

    `prompt_tokens` estimates the prompt with tools and images; `window` is the model's, both in
    tokens. `dialect` is the one that the model knows best; `continues_turn` tells that the model
    continues a last turn of the assistant, `repeats_prefill` that it repeats that turn first.
    `tool_display`: who shows the tools, the backend (`native`) or ocp, and in which dialect
    (`text/hermes`). `expected_cache` is what of the prompt the model was shown before. `notes` say
    what the model will not see as the client sent it.
    """

    model_request: ModelRequest
    expectations: Expectations
    prompt_tokens: int
    window: int
    dialect: Dialect = PLAIN
    continues_turn: bool = False
    repeats_prefill: bool = False
    tool_display: str = "native"
    expected_cache: ExpectedCache = NOTHING_CACHED
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that answers, by the backend's name."""
        return self.model_request.model
