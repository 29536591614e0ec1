"""What a model is asked, and what is needed to read its answer."""

from typing import Any, Literal

from msgspec import Struct, field

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.plain import PLAIN
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.chat import ModelRequest

FollowUpKind = Literal["arguments", "name", "answer", "structure"]


class FollowUp(Struct, frozen=True, kw_only=True):
    """A further request for one thing only, so that a grammar can make it right.

    `kind`: the `arguments` of a `tool`, the `name` of one, the whole `answer` once more, or a
    `structure` that follows a `schema`. `before` is the valid text that the model wrote
    before; `problem` is what was wrong with the text after it.
    """

    kind: FollowUpKind
    tool: OfferedTool | None = None
    schema: dict[str, Any] | None = None
    before: str = ""
    problem: str = ""


class Expectations(Struct, frozen=True, kw_only=True):
    """What the translation of the answer needs of the request.

    `toolbox` are the tools that the client offered (empty: a call is text), `reads_calls` whether
    calls are read out of text; `shows_thinking` whether the client wants to see thinking; `prefill`
    is the text of a last assistant turn that the native path repeats at the beginning of its
    answer. `must_call`: an answer without a call is not enough; `single_call`: no more than one.
    `schema` is what the answer's text must follow, `schema_enforced` whether a grammar enforces it.
    `retries` is how often the model may be asked again, and `follow_up` what this request itself
    asks for. `guard` restores control tokens.
    """

    toolbox: Toolbox = field(default_factory=Toolbox)
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


class Plan(Struct, frozen=True, kw_only=True):
    """One request of a model, and how to read its answer.

    `prompt_tokens` estimates the prompt with tools and images; `window` is the model's, both in
    tokens. `dialect` is the one that the model knows best; `continues_turn` tells that the model
    continues a last turn of the assistant, `repeats_prefill` that it repeats that turn first.
    `tool_display`: who shows the tools, the backend (`native`) or ocp, and in which dialect
    (`text/hermes`). `cached_share` is the part of the prompt, from 0 to 1, that the model was shown
    before. `notes` say what the model will not see as the client sent it.
    """

    model_request: ModelRequest
    expectations: Expectations
    prompt_tokens: int
    window: int
    dialect: Dialect = PLAIN
    continues_turn: bool = False
    repeats_prefill: bool = False
    tool_display: str = "native"
    cached_share: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that answers, by the backend's name."""
        return self.model_request.model
