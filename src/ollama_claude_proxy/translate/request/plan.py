"""What is sent to Ollama for a request, and what its answer is read with."""

from typing import Any, Literal

from msgspec import Struct, field

from ollama_claude_proxy.translate.control_tokens import Inert
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.plain import PLAIN
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox

Wanted = Literal["arguments", "name", "answer", "structure"]


class Ask(Struct, frozen=True, kw_only=True):
    """Something that is asked for by itself, so that a grammar can make it right.

    `wanted`: the `arguments` of a `tool`, the `name` of one, a whole `answer` once more, or a
    `structure` after a `schema`. `before` is what the model wrote up to there and keeps; `problem`
    says what was wrong with what came after.
    """

    wanted: Wanted
    tool: OfferedTool | None = None
    schema: dict[str, Any] | None = None
    before: str = ""
    problem: str = ""


class Expectations(Struct, frozen=True, kw_only=True):
    """What the translation of the answer must know of the request.

    `toolbox` are the tools that the client offered (empty: a call is text), `reads` whether calls
    are read out of text; `thinking` says whether the client wants to see thinking; `prefill` is the
    text of a last assistant turn that the native path repeats at the beginning of its answer.
    `must_call`: an answer without a call is not enough; `single`: no more than one. `structure` is
    the schema that the answer's text must follow, `enforced` whether Ollama was told to see to it.
    `chances` is how often Ollama may be asked again, and `asked` what this request itself asks for.
    """

    toolbox: Toolbox = field(default_factory=Toolbox)
    reads: bool = False
    stop_sequences: tuple[str, ...] = ()
    thinking: bool = False
    prefill: str = ""
    must_call: bool = False
    single: bool = False
    structure: dict[str, Any] | None = None
    enforced: bool = False
    chances: int = 0
    asked: Ask | None = None
    inert: Inert = field(default_factory=Inert)


class Plan(Struct, frozen=True, kw_only=True):
    """One `/api/chat` call.

    `prompt_tokens` estimates the prompt with tools and images; `window` is its `num_ctx`, both in
    tokens. `dialect` is the one that the model knows best; `prefill` says that a last turn of the
    assistant is continued, `native` that it is said again before it is. `shown`: who shows the
    tools, Ollama (`native`) or ocp, and in which dialect (`text/hermes`). `shared` is
    the part of the prompt, from 0 to 1, that the model was shown before. `notes` say what the model
    will not see as the client sent it.
    """

    body: dict[str, Any]
    expectations: Expectations
    prompt_tokens: int
    window: int
    dialect: Dialect = PLAIN
    prefill: bool = False
    native: bool = False
    shown: str = "native"
    shared: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The model that answers, by Ollama's name."""
        name: str = self.body["model"]
        return name
