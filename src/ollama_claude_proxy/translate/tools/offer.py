"""Which tools a model is offered, by whom, and how.

Ollama shows them (`native`: the `tools` field) or ocp does (`text`: definitions in the
instructions, in the model's own dialect). Text is for models without tools and for templates that
lose something: Go templates that print definitions as Go structs, or drop a call beside text. A
model whose output a built-in parser takes apart keeps its own way, for the parser is there whatever
is sent.

A deferred tool is not among the definitions at the head, where its coming and going would change
the beginning of every prompt: it is written where its `tool_reference` stands. Only where Ollama
swallows or forbids calls of names that are not in `tools` does it join the end of the list once it
was found. The client's `DeferredToolPlaceholder` is for no model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.translate.control_tokens import Inert
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.tokens import text_tokens
from ollama_claude_proxy.translate.tools.client_tools import described
from ollama_claude_proxy.translate.tools.descriptions import shortened
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.example import closing_words
from ollama_claude_proxy.translate.tools.dialects.recognise import dialect_of
from ollama_claude_proxy.translate.tools.schemas import function_tool
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.anthropic import Message, Tool
from ollama_claude_proxy.wire.model import ModelProfile

_PLACEHOLDER = "DeferredToolPlaceholder"
_CUSTOM = frozenset({None, "custom"})
# What the template prints where it would print a definition as a Go struct.
_GO_STRUCT = "{{ .Function }}"


class Offer(Struct, frozen=True):
    """The tools of a request.

    `definitions` as Ollama takes them, or `text` for the instructions; the `deferred` tools by
    name; all that the client offered as a `toolbox`; and the names of the `foreign` ones, which
    only Anthropic can run. `dialect` is None where Ollama shows the tools. `shortened` tells
    whether descriptions were.
    """

    definitions: list[dict[str, Any]]
    text: str
    deferred: Mapping[str, Tool]
    toolbox: Toolbox
    foreign: tuple[str, ...]
    dialect: Dialect | None
    shortened: bool = False


def offer(
    tools: Sequence[Tool],
    messages: Sequence[Message],
    profile: ModelProfile,
    policy: Policy,
    inert: Inert,
) -> Offer:
    """Sort out the tools of a request; the order is canonical.

    What `inert` does to control tokens it does to descriptions, too: another's server wrote them.
    """
    tools = [described(tool) for tool in tools]
    own = [tool for tool in tools if tool.type in _CUSTOM and tool.name != _PLACEHOLDER]
    toolbox = Toolbox(OfferedTool(tool.name, tool.input_schema or {}) for tool in own)
    short = _short(own, policy)
    own = [_harmless(shortened(tool) if short else tool, inert) for tool in own]
    deferred = {tool.name: tool for tool in own if tool.defer_loading}
    listed = sorted((tool for tool in own if not tool.defer_loading), key=lambda tool: tool.name)
    dialect = None if shown_natively(profile, policy) else dialect_of(profile)
    if dialect is None and deferred and not profile.calls_beyond_tools:
        listed += [deferred[name] for name in _found(messages) if name in deferred]
    return Offer(
        definitions=[] if dialect else [_definition(tool, profile) for tool in listed],
        text=_text(listed, dialect, policy) if dialect else "",
        deferred=deferred,
        toolbox=toolbox,
        foreign=tuple(tool.name for tool in tools if tool.type not in _CUSTOM),
        dialect=dialect,
        shortened=short,
    )


def shown_natively(profile: ModelProfile, policy: Policy) -> bool:
    """Whether Ollama shows a model its tools, and not ocp."""
    if not profile.tools or policy.tools == "text":
        return False
    if policy.tools == "native" or profile.path.startswith("parser:"):
        return True
    if policy.facts is not None:
        return policy.facts.definitions and policy.facts.call_beside_text
    return profile.path == "native" or not (
        profile.path == "go-template" and _GO_STRUCT in profile.template
    )


def _short(tools: Sequence[Tool], policy: Policy) -> bool:
    if policy.descriptions != "auto":
        return policy.descriptions == "short"
    size = sum(
        text_tokens(tool.description or "") + text_tokens(str(tool.input_schema))
        for tool in tools
        if not tool.defer_loading
    )
    return size > policy.window / 4


def _harmless(tool: Tool, inert: Inert) -> Tool:
    description, schema = inert.make_all([tool.description, tool.input_schema])
    return Tool(tool.name, description, schema, type=tool.type, defer_loading=tool.defer_loading)


def _text(tools: Sequence[Tool], dialect: Dialect, policy: Policy) -> str:
    if not tools:
        return ""
    text = dialect.define(tools)
    return f"{text}\n\n{closing_words(tools, dialect)}" if policy.tool_example else text


def _definition(tool: Tool, profile: ModelProfile) -> dict[str, Any]:
    return function_tool(
        tool.name,
        tool.description or "",
        tool.input_schema or {},
        stable=profile.shuffles_schemas,
    )


def _found(messages: Sequence[Message]) -> list[str]:
    """Names of the deferred tools that were found, in the order in which they first were."""
    names: dict[str, None] = {}
    for message in messages:
        for block in message.content if isinstance(message.content, list) else ():
            content = block.get("content")
            for inner in content if isinstance(content, list) else ():
                if isinstance(inner, dict) and inner.get("type") == "tool_reference":
                    names[str(inner.get("tool_name"))] = None
    return list(names)
