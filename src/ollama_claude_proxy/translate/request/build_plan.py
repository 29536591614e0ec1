"""Turns an Anthropic request into the plan of one request of a model, by what it can do."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard, find_control_tokens
from ollama_claude_proxy.translate.policy import Policy, recall_nothing
from ollama_claude_proxy.translate.request.block_rendering import RenderContext
from ollama_claude_proxy.translate.request.follow_up import plan_follow_up
from ollama_claude_proxy.translate.request.options import (
    kept_tokens,
    max_reply_tokens,
    thinking_level,
    wants_thinking,
)
from ollama_claude_proxy.translate.request.plan import Expectations, FollowUp, Plan
from ollama_claude_proxy.translate.request.prompt_builder import PromptBuilder
from ollama_claude_proxy.translate.tools.dialects.choose_dialect import choose_dialect
from ollama_claude_proxy.translate.tools.edits.edit_repair import EditRepair
from ollama_claude_proxy.translate.tools.offer import OfferedTools, offer_tools
from ollama_claude_proxy.translate.tools.schema_for_format import schema_for_format
from ollama_claude_proxy.wire.anthropic import MessagesRequest
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest, Sampling
from ollama_claude_proxy.wire.model import ModelProfile

# Fields that mean nothing to a local model, or that are read elsewhere.
_SILENTLY_IGNORED = frozenset({"context_management", "cache_control", "service_tier", "betas"})


class _PlanInput(Struct, frozen=True):
    """What a plan is made from: the request, the model and the policy."""

    request: MessagesRequest
    profile: ModelProfile
    policy: Policy
    whole: MessagesRequest


def build_plan(
    request: MessagesRequest,
    profile: ModelProfile,
    policy: Policy,
    *,
    whole: MessagesRequest | None = None,
) -> Plan:
    """Return the plan of one request of a model.

    `whole` is the request as the client sent it, where only a part of it is shown to the model.
    """
    plan_input = _PlanInput(request, profile, policy, whole or request)
    guard = _control_token_guard(plan_input)
    offered = _offered_tools(plan_input, guard)
    notes = [*_ignored_fields(request), *_tool_notes(offered, policy)]
    messages = _messages(plan_input, offered, guard, notes)
    tokens = policy.count_tokens(messages, offered.definitions)
    expectations = _expectations(plan_input, offered, guard, messages)
    plan = Plan(
        model_request=_model_request(plan_input, offered, expectations, messages, tokens),
        expectations=expectations,
        prompt_tokens=tokens,
        window=policy.window,
        dialect=offered.dialect or choose_dialect(profile),
        continues_turn=policy.template_facts is not None and policy.template_facts.prefill,
        repeats_prefill=profile.render_path == "native",
        tool_display=f"text/{offered.dialect.name}" if offered.dialect else "native",
        notes=tuple(notes),
    )
    return _with_forced_tool(plan, request)


def _model_request(
    plan_input: _PlanInput,
    offered: OfferedTools,
    expectations: Expectations,
    messages: list[ChatMessage],
    tokens: int,
) -> ModelRequest:
    request, profile, policy = plan_input.request, plan_input.profile, plan_input.policy
    return ModelRequest(
        model=profile.name,
        messages=messages,
        tools=offered.definitions,
        think=thinking_level(request, profile),
        schema=schema_for_format(expectations.schema or {})
        if expectations.schema_enforced
        else None,
        window=None if policy.leaves_window else policy.window,
        max_tokens=max_reply_tokens(request, policy.window, tokens),
        keep_tokens=kept_tokens(policy.window, tokens),
        sampling=Sampling(request.temperature, request.top_p, request.top_k),
        keep_alive=policy.keep_alive,
        token_texts=_needs_token_texts(profile, offered),
    )


def _ignored_fields(request: MessagesRequest) -> list[str]:
    noted = (name for name in request.ignored if name not in _SILENTLY_IGNORED)
    return [f"the field {name!r} was ignored" for name in noted]


def _offered_tools(plan_input: _PlanInput, guard: ControlTokenGuard) -> OfferedTools:
    request = plan_input.request
    choice = request.tool_choice
    is_forbidden = choice is not None and choice.type == "none"
    tools = [] if is_forbidden else request.tools or []
    return offer_tools(tools, request.messages, plan_input.profile, plan_input.policy, guard)


def _tool_notes(offered: OfferedTools, policy: Policy) -> list[str]:
    notes: list[str] = []
    if offered.server_tools:
        names = ", ".join(offered.server_tools)
        notes.append(f"left out, because only Anthropic can run them: {names}")
    if offered.shortened and policy.descriptions == "auto":
        notes.append("tools are described in short: in full they take over a quarter of the window")
    return notes


def _control_token_guard(plan_input: _PlanInput) -> ControlTokenGuard:
    profile = plan_input.profile
    markers = choose_dialect(profile).markers if plan_input.request.tools else ()
    thinking = ("<think>", "</think>") if profile.thinking else ()
    # a built-in renderer of Ollama has no template to read the tokens from
    template = profile.template if profile.render_path in {"go-template", "native"} else None
    tokens = find_control_tokens(template, (*markers, *thinking))
    return ControlTokenGuard(tokens, active=plan_input.policy.inert)


def _messages(
    plan_input: _PlanInput, offered: OfferedTools, guard: ControlTokenGuard, notes: list[str]
) -> list[ChatMessage]:
    request = plan_input.request
    builder = PromptBuilder(_render_context(plan_input, offered, guard, notes))
    builder.add_instructions(request.system, offered.text)
    first = builder.add_first_turn(request.messages)
    for message in request.messages[first:]:
        builder.add_turn(message)
    if offered.server_tools and not offered.toolbox:
        builder.add_reminder(
            f"{', '.join(offered.server_tools)} cannot be used here: it runs at Anthropic and this "
            "is a local model. Say that it was not available; do not make up results."
        )
    return builder.messages


def _render_context(
    plan_input: _PlanInput, offered: OfferedTools, guard: ControlTokenGuard, notes: list[str]
) -> RenderContext:
    policy = plan_input.policy
    as_written = offered.dialect is not None or (
        policy.template_facts is not None and policy.template_facts.replays_text
    )
    return RenderContext(
        plan_input.profile,
        offered.deferred,
        notes,
        offered.dialect,
        guard,
        policy.recall_turn if as_written else recall_nothing,
        policy.repeated_calls,
    )


def _expectations(
    plan_input: _PlanInput,
    offered: OfferedTools,
    guard: ControlTokenGuard,
    messages: list[ChatMessage],
) -> Expectations:
    request, policy = plan_input.request, plan_input.policy
    choice, schema = request.tool_choice, _output_schema(request)
    has_tools = bool(offered.toolbox)
    return Expectations(
        toolbox=offered.toolbox,
        tool_list=offered.text,
        reads_calls=policy.read_calls and has_tools,
        stop_sequences=tuple(request.stop_sequences or ()),
        shows_thinking=wants_thinking(request),
        prefill=_prefill(plan_input.profile, messages),
        must_call=choice is not None and choice.type == "any" and has_tools,
        single_call=bool(choice is not None and choice.disable_parallel_tool_use),
        schema=schema,
        # a grammar would forbid every call
        schema_enforced=schema is not None and not has_tools,
        retries=policy.second_chances,
        guard=guard,
        edits=_edit_repair(plan_input, guard),
    )


def _edit_repair(plan_input: _PlanInput, guard: ControlTokenGuard) -> EditRepair:
    if not plan_input.policy.edit_repair:
        return EditRepair()
    whole = plan_input.whole
    return EditRepair(whole.messages, whole.system, guard)


def _output_schema(request: MessagesRequest) -> dict[str, Any] | None:
    """Return the JSON schema that the answer must follow."""
    output_format = request.output_config.format if request.output_config else None
    output_format = output_format or request.output_format
    if output_format is None or output_format.get("type") != "json_schema":
        return None
    schema = output_format.get("schema")
    return schema if isinstance(schema, dict) else None


def _needs_token_texts(profile: ModelProfile, offered: OfferedTools) -> bool:
    """Whether every token's text is needed, because Ollama's parser holds back or loses some."""
    return bool(offered.toolbox) and offered.dialect is None and profile.render_path != "native"


def _prefill(profile: ModelProfile, messages: list[ChatMessage]) -> str:
    """Return the last turn of the assistant, which the native path repeats."""
    last = messages[-1]
    return last.content if last.role == "assistant" and profile.render_path == "native" else ""


def _with_forced_tool(plan: Plan, request: MessagesRequest) -> Plan:
    """Return a plan that asks only for the tool's arguments, if the client chose the tool."""
    choice = request.tool_choice
    if choice is None or choice.type != "tool" or choice.name is None:
        return plan
    tool = plan.expectations.toolbox.find(choice.name)
    if tool is None:
        note = f"the chosen tool {choice.name!r} is not among the tools"
        return replace(plan, notes=(*plan.notes, note))
    return plan_follow_up(plan, FollowUp(kind="arguments", tool=tool))
