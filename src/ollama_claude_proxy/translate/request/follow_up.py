"""The same prompt once more, for one thing only: arguments, a name, or an answer that can be read.

The prompt is cached, so this costs little more than what is written. Where the model's template
leaves a last turn of the assistant open, the turn is begun with what was right and goes on with the
wanted thing; elsewhere a short line of the user asks for it. `format` holds the schema of that one
thing: a grammar over all tools at once takes a second a token and makes small models choose badly.
"""

from typing import Any

from ollama_claude_proxy.translate.request.plan import Ask, Plan
from ollama_claude_proxy.translate.tools.schema_format import grammar_schema

_ANSWER = "Answer again. If you call a tool, write one whole call in the right form."


def opening_of(plan: Plan, ask: Ask) -> str:
    """Give the beginning of the assistant's turn that is continued; nothing if none is."""
    if not plan.prefill or ask.wanted in {"answer", "structure"} or _thinks(plan, ask):
        return ""
    before = f"{ask.before.rstrip()}\n" if ask.before.strip() else ""
    dialect = plan.dialect
    if ask.wanted == "name":
        return before + dialect.opening("").partition('""')[0].rstrip()
    return before + dialect.opening(ask.tool.name if ask.tool else "")


def again(plan: Plan, ask: Ask, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give the body that asks for one thing; `names` are the tools that may be chosen."""
    body = {**plan.body, "messages": [*plan.body["messages"], *_messages(plan, ask)]}
    schema = _schema(ask, names)
    if schema is not None:
        body["format"] = schema
        if body.get("think") is True and not _thinks(plan, ask):
            body["think"] = False
    body.pop("logprobs", None)
    return body


def _thinks(plan: Plan, ask: Ask) -> bool:
    """Whether the model thinks first: where the client chose the tool, and wants to see thinking.

    Ollama then lets it think freely and puts the grammar on what follows. An open turn has no place
    for thinking, and a second chance comes after it.
    """
    first = ask.wanted == "arguments" and not (ask.problem or ask.before)
    return first and plan.body.get("think") is True


def _schema(ask: Ask, names: tuple[str, ...]) -> dict[str, Any] | None:
    match ask.wanted:
        case "arguments" if ask.tool is not None:
            return grammar_schema(ask.tool.schema)
        case "name":
            return {"type": "string", "enum": list(names)}
        case "structure":
            return grammar_schema(ask.schema or {})
    return None


def _messages(plan: Plan, ask: Ask) -> list[dict[str, Any]]:
    opening = opening_of(plan, ask)
    if opening:
        return [{"role": "assistant", "content": opening}]
    said = [{"role": "assistant", "content": ask.before}] if ask.before.strip() else []
    return [*said, {"role": "user", "content": _line(ask)}]


def _line(ask: Ask) -> str:
    name = ask.tool.name if ask.tool else ""
    wrong = f"This could not be used: {ask.problem}\n" if ask.problem else ""
    match ask.wanted:
        case "arguments":
            return f"{wrong}Write the arguments of a call of {name}: only the JSON object."
        case "name":
            return f"{wrong}Write the name of the tool to call now: only the name, as JSON."
        case "structure":
            return f"{wrong}Write the answer as JSON that follows the schema: only the JSON."
        case _:
            return wrong + _ANSWER
