"""An Anthropic request and what a model can do become the plan of one `/api/chat` call."""

from typing import Any

from msgspec.structs import replace

from ollama_claude_proxy.translate.control_tokens import Inert, control_tokens
from ollama_claude_proxy.translate.policy import Policy, no_recall
from ollama_claude_proxy.translate.request.chat_messages import Conversation
from ollama_claude_proxy.translate.request.content import Showing
from ollama_claude_proxy.translate.request.follow_up import again, opening_of
from ollama_claude_proxy.translate.request.options import options, think, wants_thinking
from ollama_claude_proxy.translate.request.plan import Ask, Expectations, Plan
from ollama_claude_proxy.translate.tools.dialects.recognise import dialect_of
from ollama_claude_proxy.translate.tools.offer import Offer, offer
from ollama_claude_proxy.translate.tools.schema_format import grammar_schema
from ollama_claude_proxy.wire.anthropic import MessagesRequest, Parsed
from ollama_claude_proxy.wire.model import ModelProfile

# Fields that say nothing to a local model, or that are read elsewhere.
_QUIETLY_IGNORED = frozenset({"context_management", "cache_control", "service_tier", "betas"})


def build_plan(parsed: Parsed, profile: ModelProfile, policy: Policy) -> Plan:
    """Plan the call. Raises InvalidRequest for a malformed block."""
    request = parsed.request
    notes = [f"the field {name!r} was ignored" for name in _loudly(parsed.ignored)]
    inert = _inert(profile, policy, tools=bool(request.tools))
    offered = _offer(request, profile, policy, inert, notes)
    messages = _messages(request, _showing(profile, offered, inert, policy, notes), offered)
    tokens = policy.count({"messages": messages, "tools": offered.definitions or None})
    expectations = replace(
        _expectations(request, offered, policy), inert=inert, prefill=_prefill(profile, messages)
    )
    body = {
        "model": profile.name,
        "think": think(request, profile),
        "tools": offered.definitions or None,
        "messages": messages,
        "format": grammar_schema(expectations.structure or {}) if expectations.enforced else None,
        "options": options(
            request,
            window=policy.window,
            prompt_tokens=tokens,
            leaves_window=policy.leaves_window,
        ),
        "keep_alive": policy.keep_alive,
        "truncate": False,
        "logprobs": _raw_wanted(profile, offered) or None,
        "stream": True,
    }
    plan = Plan(
        body={name: value for name, value in body.items() if value is not None},
        expectations=expectations,
        prompt_tokens=tokens,
        window=policy.window,
        dialect=offered.dialect or dialect_of(profile),
        prefill=policy.facts is not None and policy.facts.prefill,
        native=profile.path == "native",
        shown=f"text/{offered.dialect.name}" if offered.dialect else "native",
        notes=tuple(notes),
    )
    return _forced(plan, request)


def _loudly(ignored: tuple[str, ...]) -> list[str]:
    return [name for name in ignored if name not in _QUIETLY_IGNORED]


def _offer(
    request: MessagesRequest,
    profile: ModelProfile,
    policy: Policy,
    inert: Inert,
    notes: list[str],
) -> Offer:
    choice = request.tool_choice
    tools = request.tools or []
    if choice is not None and choice.type == "none":
        tools = []
    offered = offer(tools, request.messages, profile, policy, inert)
    if offered.foreign:
        notes.append(f"left out, for only Anthropic can run them: {', '.join(offered.foreign)}")
    if offered.shortened and policy.descriptions == "auto":
        notes.append("tools are described in short: in full they take over a quarter of the window")
    return offered


def _inert(profile: ModelProfile, policy: Policy, *, tools: bool) -> Inert:
    marks = dialect_of(profile).marks if tools else ()
    thinking = ("<think>", "</think>") if profile.thinking else ()
    # a renderer of Ollama's has no template to read its tokens from
    known = profile.template if profile.path in {"go-template", "native"} else None
    tokens = control_tokens(known, (*marks, *thinking))
    return Inert(tokens, active=policy.inert)


def _showing(
    profile: ModelProfile, offered: Offer, inert: Inert, policy: Policy, notes: list[str]
) -> Showing:
    facts = policy.facts
    as_written = offered.dialect is not None or (facts is not None and facts.replays_text)
    return Showing(
        profile,
        offered.deferred,
        notes,
        offered.dialect,
        inert,
        policy.recall if as_written else no_recall,
        policy.repeated_calls,
    )


def _messages(request: MessagesRequest, showing: Showing, offered: Offer) -> list[dict[str, Any]]:
    conversation = Conversation(showing)
    conversation.instruct(request.system, offered.text)
    begun = conversation.begin(request.messages)
    for index, message in enumerate(request.messages[begun:], begun):
        conversation.add(message, f"messages.{index}")
    if offered.foreign and not offered.toolbox:
        conversation.remind(
            f"{', '.join(offered.foreign)} cannot be used here: it runs at Anthropic and this is "
            "a local model. Say that it was not available; do not make up results."
        )
    return conversation.messages


def _structure(request: MessagesRequest) -> dict[str, Any] | None:
    """Give the JSON schema that the answer must follow."""
    wanted = request.output_config.format if request.output_config else None
    wanted = wanted or request.output_format
    if wanted is None or wanted.get("type") != "json_schema":
        return None
    schema = wanted.get("schema")
    return schema if isinstance(schema, dict) else None


def _raw_wanted(profile: ModelProfile, offered: Offer) -> bool:
    """Whether Ollama must say every token, for its parser keeps or loses some of the text."""
    return bool(offered.toolbox) and offered.dialect is None and profile.path != "native"


def _prefill(profile: ModelProfile, messages: list[dict[str, Any]]) -> str:
    """Give the last turn of the assistant, which the native path says again."""
    last = messages[-1]
    given = last["role"] == "assistant" and profile.path == "native"
    return str(last["content"]) if given else ""


def _expectations(request: MessagesRequest, offered: Offer, policy: Policy) -> Expectations:
    choice, structure = request.tool_choice, _structure(request)
    return Expectations(
        toolbox=offered.toolbox,
        reads=policy.read_calls and bool(offered.toolbox),
        stop_sequences=tuple(request.stop_sequences or ()),
        thinking=wants_thinking(request),
        must_call=choice is not None and choice.type == "any" and bool(offered.toolbox),
        single=bool(choice is not None and choice.disable_parallel_tool_use),
        structure=structure,
        # a grammar would forbid every call
        enforced=structure is not None and not offered.toolbox,
        chances=policy.second_chances,
    )


def _forced(plan: Plan, request: MessagesRequest) -> Plan:
    """Where the client chose the tool, ask for its arguments and nothing else."""
    choice = request.tool_choice
    if choice is None or choice.type != "tool" or choice.name is None:
        return plan
    tool = plan.expectations.toolbox.find(choice.name)
    if tool is None:
        note = f"the chosen tool {choice.name!r} is not among the tools"
        return replace(plan, notes=(*plan.notes, note))
    ask = Ask(wanted="arguments", tool=tool)
    return asking(plan, ask)


def asking(plan: Plan, ask: Ask) -> Plan:
    """Give the plan of the same prompt that asks for one thing only."""
    expectations = plan.expectations
    prefill = opening_of(plan, ask) if plan.native else ""
    return replace(
        plan,
        body=again(plan, ask, expectations.toolbox.names),
        expectations=replace(expectations, asked=ask, prefill=prefill),
    )
