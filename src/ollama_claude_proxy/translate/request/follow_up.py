"""Follow-ups: the same prompt again, for one thing: arguments, a name, or a readable answer.

The prompt is cached, so this costs little more than what is written. Where the model's template
leaves a last turn of the assistant open, the turn is begun with what was right and continues with
what is asked for; otherwise a short line of the user asks for it. The schema covers only that: a
grammar over all tools at once takes a second a token and makes small models choose badly.
"""

from typing import Any

from msgspec.structs import replace

from ollama_claude_proxy.translate.request.plan import FollowUp, Plan
from ollama_claude_proxy.translate.tools.schema_for_format import schema_for_format
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest

_ANSWER_AGAIN = "Answer again. If you call a tool, write one whole call in the right form."


def plan_follow_up(plan: Plan, follow_up: FollowUp) -> Plan:
    """Return a plan with the same prompt that asks for one thing only."""
    expectations = plan.expectations
    prefill = assistant_prefill(plan, follow_up) if plan.repeats_prefill else ""
    return replace(
        plan,
        model_request=_model_request(plan, follow_up, expectations.toolbox.names),
        expectations=replace(expectations, follow_up=follow_up, prefill=prefill),
    )


def assistant_prefill(plan: Plan, follow_up: FollowUp) -> str:
    """Return the beginning of the assistant's turn that the model continues; empty if none is."""
    is_whole_answer = follow_up.kind in {"answer", "structure"}
    must_ask = is_whole_answer or bool(follow_up.shown)
    if not plan.continues_turn or must_ask or _thinks_first(plan, follow_up):
        return ""
    before = f"{follow_up.before.rstrip()}\n" if follow_up.before.strip() else ""
    dialect = plan.dialect
    if follow_up.kind == "name":
        return before + dialect.call_prefix("").partition('""')[0].rstrip()
    return before + dialect.call_prefix(follow_up.tool.name if follow_up.tool else "")


def _model_request(plan: Plan, follow_up: FollowUp, tool_names: tuple[str, ...]) -> ModelRequest:
    messages = (*plan.model_request.messages, *_messages(plan, follow_up))
    request = replace(plan.model_request, messages=messages, token_texts=False)
    schema = _schema(follow_up, tool_names)
    if schema is None:
        return request
    stops_thinking = request.think is True and not _thinks_first(plan, follow_up)
    return replace(request, schema=schema, think=False if stops_thinking else request.think)


def _thinks_first(plan: Plan, follow_up: FollowUp) -> bool:
    """Whether the model thinks first: where the client chose the tool, and wants to see thinking.

    Ollama then lets it think freely and applies the grammar to what follows. An open turn has no
    place for thinking, and a second chance comes after it.
    """
    first_try = not (follow_up.problem or follow_up.before)
    return follow_up.kind == "arguments" and first_try and plan.model_request.think is True


def _schema(follow_up: FollowUp, tool_names: tuple[str, ...]) -> dict[str, Any] | None:
    match follow_up.kind:
        case "arguments" if follow_up.tool is not None:
            return schema_for_format(follow_up.tool.schema)
        case "name":
            return {"type": "string", "enum": list(tool_names)}
        case "structure":
            return schema_for_format(follow_up.schema or {})
    return None


def _messages(plan: Plan, follow_up: FollowUp) -> list[ChatMessage]:
    prefill = assistant_prefill(plan, follow_up)
    if prefill:
        return [ChatMessage("assistant", prefill)]
    before = follow_up.before
    written = [ChatMessage("assistant", before)] if before.strip() else []
    return [*written, ChatMessage("user", _instruction(follow_up))]


def _instruction(follow_up: FollowUp) -> str:
    name = follow_up.tool.name if follow_up.tool else ""
    problem = f"This could not be used: {follow_up.problem}\n" if follow_up.problem else ""
    problem += follow_up.shown
    match follow_up.kind:
        case "arguments":
            return f"{problem}Write the arguments of a call of {name}: only the JSON object."
        case "name":
            return f"{problem}Write the name of the tool to call now: only the name, as JSON."
        case "structure":
            return f"{problem}Write the answer as JSON that follows the schema: only the JSON."
        case _:
            return problem + _ANSWER_AGAIN
