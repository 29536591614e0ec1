"""Which tools a model is offered, and how.

A deferred tool is not in the list at the head, where its coming and going would change the
beginning of every prompt: it is written where its `tool_reference` stands, and models whose parser
passes on calls of any name call it from there. The Go-template and native paths swallow or forbid a
call of a name that is not in the list; there a deferred tool joins the end of the list once it was
found. The client's `DeferredToolPlaceholder` is for no model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.translate.tools.client_tools import described
from ollama_claude_proxy.translate.tools.schemas import function_tool
from ollama_claude_proxy.wire.anthropic import Message, Tool
from ollama_claude_proxy.wire.model import ModelProfile

_PLACEHOLDER = "DeferredToolPlaceholder"
_CUSTOM = frozenset({None, "custom"})


class Offer(Struct, frozen=True):
    """The tools of a request.

    `definitions` as Ollama takes them, the `deferred` ones by name, all `names` that the client
    offered, and the names of the `foreign` ones, which only Anthropic can run.
    """

    definitions: list[dict[str, Any]]
    deferred: Mapping[str, Tool]
    names: frozenset[str]
    foreign: tuple[str, ...]


def offer(tools: Sequence[Tool], messages: Sequence[Message], profile: ModelProfile) -> Offer:
    """Sort out the tools of a request; the order is canonical."""
    tools = [described(tool) for tool in tools]
    own = [tool for tool in tools if tool.type in _CUSTOM and tool.name != _PLACEHOLDER]
    deferred = {tool.name: tool for tool in own if tool.defer_loading}
    listed = sorted((tool for tool in own if not tool.defer_loading), key=lambda tool: tool.name)
    if deferred and not profile.calls_beyond_tools:
        listed += [deferred[name] for name in _found(messages) if name in deferred]
    return Offer(
        definitions=[_definition(tool, profile) for tool in listed],
        deferred=deferred,
        names=frozenset(tool.name for tool in own),
        foreign=tuple(tool.name for tool in tools if tool.type not in _CUSTOM),
    )


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
