"""An Anthropic request and what a model can do become the plan of one `/api/chat` call."""

from typing import Any

from ollama_claude_proxy.translate.plan import Expectations, Plan
from ollama_claude_proxy.translate.request.blocks import Showing
from ollama_claude_proxy.translate.request.conversation import Conversation
from ollama_claude_proxy.translate.request.estimate import prompt_tokens
from ollama_claude_proxy.translate.request.options import options, think, wants_thinking
from ollama_claude_proxy.translate.tools.offer import Offer, offer
from ollama_claude_proxy.wire.anthropic import MessagesRequest, Parsed
from ollama_claude_proxy.wire.model import ModelProfile

# Fields that say nothing to a local model, or that are read elsewhere.
_QUIETLY_IGNORED = frozenset({"context_management", "cache_control", "service_tier", "betas"})


def build_plan(
    parsed: Parsed, profile: ModelProfile, *, window: int, keep_alive: str | int
) -> Plan:
    """Plan the call. Raises InvalidRequest for a malformed block."""
    request = parsed.request
    notes = [f"the field {name!r} was ignored" for name in _loudly(parsed.ignored)]
    offered = _offer(request, profile, notes)
    messages = _messages(request, Showing(profile, offered.deferred, notes), offered)
    tokens = prompt_tokens(messages, offered.definitions)
    body = {
        "model": profile.name,
        "think": think(request, profile),
        "tools": offered.definitions or None,
        "messages": messages,
        "format": _format(request),
        "options": options(request, window=window, prompt_tokens=tokens),
        "keep_alive": keep_alive,
        "truncate": False,
        "stream": True,
    }
    return Plan(
        body={name: value for name, value in body.items() if value is not None},
        expectations=_expectations(request, profile, offered, messages),
        prompt_tokens=tokens,
        window=window,
        notes=tuple(notes),
    )


def _loudly(ignored: tuple[str, ...]) -> list[str]:
    return [name for name in ignored if name not in _QUIETLY_IGNORED]


def _offer(request: MessagesRequest, profile: ModelProfile, notes: list[str]) -> Offer:
    choice = request.tool_choice
    tools = request.tools or []
    if choice is not None and choice.type == "none":
        tools = []
    elif choice is not None and choice.type != "auto":
        notes.append(f"tool_choice {choice.type!r} is a wish that Ollama cannot enforce")
    offered = offer(tools, request.messages, profile)
    if offered.foreign:
        notes.append(f"left out, for only Anthropic can run them: {', '.join(offered.foreign)}")
    if offered.definitions and not profile.tools:
        notes.append(f"{len(offered.definitions)} tools left out: {profile.name!r} cannot call any")
        return Offer([], offered.deferred, frozenset(), offered.foreign)
    return offered


def _messages(request: MessagesRequest, showing: Showing, offered: Offer) -> list[dict[str, Any]]:
    conversation = Conversation(showing)
    conversation.instruct(request.system)
    for index, message in enumerate(request.messages):
        conversation.add(message, f"messages.{index}")
    if offered.foreign and not offered.names:
        conversation.remind(
            f"{', '.join(offered.foreign)} cannot be used here: it runs at Anthropic and this is "
            "a local model. Say that it was not available; do not make up results."
        )
    return conversation.messages


def _format(request: MessagesRequest) -> dict[str, Any] | None:
    """Give the JSON schema that the answer must follow; with tools it would forbid every call."""
    wanted = request.output_config.format if request.output_config else None
    if wanted is None or request.tools or wanted.get("type") != "json_schema":
        return None
    schema = wanted.get("schema")
    return schema if isinstance(schema, dict) else None


def _expectations(
    request: MessagesRequest,
    profile: ModelProfile,
    offered: Offer,
    messages: list[dict[str, Any]],
) -> Expectations:
    last = messages[-1]
    prefill = last["content"] if last["role"] == "assistant" and profile.path == "native" else ""
    return Expectations(
        tool_names=offered.names,
        stop_sequences=tuple(request.stop_sequences or ()),
        thinking=wants_thinking(request),
        prefill=prefill,
    )
