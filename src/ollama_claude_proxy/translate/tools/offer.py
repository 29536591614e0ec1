"""Which tools a model is offered, and how.

The backend shows them (`native`: the `tools` field) or ocp does (`text`: definitions in the
instructions, in the model's own dialect). Text is for models without tools and for templates that
lose something: Go templates that print definitions as Go structs, or drop a call beside text. A
model whose output a built-in parser reads is shown its tools natively, because the parser is
active whatever is sent.

A deferred tool is not among the definitions at the head, where its coming and going would change
the beginning of every prompt: it is written where its `tool_reference` stands. Only where Ollama
swallows or forbids calls of names that are not in `tools` does it join the end of the list once it
was found. The client's `DeferredToolPlaceholder` is not shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.tokens import text_tokens
from ollama_claude_proxy.translate.tools.client_tools import with_schema
from ollama_claude_proxy.translate.tools.descriptions import shorten_descriptions
from ollama_claude_proxy.translate.tools.dialects.choose_dialect import choose_dialect
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.translate.tools.dialects.usage_example import usage_example
from ollama_claude_proxy.translate.tools.schemas import function_tool
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.wire.anthropic import Message, Tool
from ollama_claude_proxy.wire.blocks import ToolReferenceBlock, ToolResultBlock
from ollama_claude_proxy.wire.chat import ToolDefinition
from ollama_claude_proxy.wire.model import ModelProfile

_PLACEHOLDER = "DeferredToolPlaceholder"
_CLIENT_TYPES = frozenset({None, "custom"})
# In a template that prints definitions as Go structs.
_GO_STRUCT = "{{ .Function }}"
# Descriptions that would take more than this part of the window are shortened.
_MAX_WINDOW_SHARE = 1 / 4


class OfferedTools(Struct, frozen=True):
    """The tools of a request.

    `definitions` for the backend, or `text` for the instructions; the `deferred` tools by name; all
    that the client offered as a `toolbox`; and the names of the `server_tools`, which only
    Anthropic can run. `dialect` is None where the backend shows the tools. `shortened`
    tells whether descriptions were shortened.
    """

    definitions: list[ToolDefinition]
    text: str
    deferred: Mapping[str, Tool]
    toolbox: Toolbox
    server_tools: tuple[str, ...]
    dialect: Dialect | None
    shortened: bool = False


def offer_tools(
    tools: Sequence[Tool],
    messages: Sequence[Message],
    profile: ModelProfile,
    policy: Policy,
    guard: ControlTokenGuard,
) -> OfferedTools:
    """Decide how the tools of a request are offered; their order is canonical.

    Control tokens in descriptions are neutralised, too: other people's servers wrote them.
    """
    tools = [with_schema(tool) for tool in tools]
    client_tools = [tool for tool in tools if _is_client_tool(tool)]
    is_short = _needs_shortening(client_tools, policy)
    shown = [
        _neutralized(shorten_descriptions(tool) if is_short else tool, guard)
        for tool in client_tools
    ]
    dialect = None if shown_natively(profile, policy) else choose_dialect(profile)
    deferred = {tool.name: tool for tool in shown if tool.defer_loading}
    listed = sorted((tool for tool in shown if not tool.defer_loading), key=lambda tool: tool.name)
    if dialect is None and not profile.passes_unlisted_calls:
        listed += _found_tools(messages, deferred)
    return OfferedTools(
        definitions=[] if dialect else [_definition(tool, profile) for tool in listed],
        text=_text(listed, dialect, policy) if dialect else "",
        deferred=deferred,
        toolbox=Toolbox(OfferedTool(tool.name, tool.input_schema or {}) for tool in client_tools),
        server_tools=tuple(tool.name for tool in tools if tool.type not in _CLIENT_TYPES),
        dialect=dialect,
        shortened=is_short,
    )


def shown_natively(profile: ModelProfile, policy: Policy) -> bool:
    """Whether the backend shows a model its tools, and not ocp."""
    if not profile.tools or policy.tools == "text":
        return False
    if policy.tools == "native" or profile.render_path.startswith("parser:"):
        return True
    if policy.template_facts is not None:
        return policy.template_facts.definitions and policy.template_facts.call_beside_text
    return profile.render_path == "native" or not (
        profile.render_path == "go-template" and _GO_STRUCT in profile.template
    )


def _is_client_tool(tool: Tool) -> bool:
    return tool.type in _CLIENT_TYPES and tool.name != _PLACEHOLDER


def _needs_shortening(tools: Sequence[Tool], policy: Policy) -> bool:
    if policy.descriptions != "auto":
        return policy.descriptions == "short"
    tokens = sum(
        text_tokens(tool.description or "") + text_tokens(str(tool.input_schema))
        for tool in tools
        if not tool.defer_loading
    )
    return tokens > policy.window * _MAX_WINDOW_SHARE


def _neutralized(tool: Tool, guard: ControlTokenGuard) -> Tool:
    description, schema = guard.neutralize_all([tool.description, tool.input_schema])
    return Tool(tool.name, description, schema, type=tool.type, defer_loading=tool.defer_loading)


def _text(tools: Sequence[Tool], dialect: Dialect, policy: Policy) -> str:
    if not tools:
        return ""
    text = dialect.write_definitions(tools)
    return f"{text}\n\n{usage_example(tools, dialect)}" if policy.tool_example else text


def _definition(tool: Tool, profile: ModelProfile) -> ToolDefinition:
    return function_tool(
        tool.name,
        tool.description or "",
        tool.input_schema or {},
        stable=profile.shuffles_schemas,
    )


def _found_tools(messages: Iterable[Message], deferred: Mapping[str, Tool]) -> Iterator[Tool]:
    """Return the deferred tools that were found, in the order in which they first were."""
    names = dict.fromkeys(reference.tool_name for reference in _references(messages))
    return (deferred[name] for name in names if name in deferred)


def _references(messages: Iterable[Message]) -> Iterator[ToolReferenceBlock]:
    for message in messages:
        for block in message.content:
            if isinstance(block, ToolResultBlock):
                yield from (
                    inner for inner in block.content if isinstance(inner, ToolReferenceBlock)
                )
