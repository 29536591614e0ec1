"""Prompts of Ollama's renderer for cohere."""

from itertools import groupby

from support.fake_go import spaced
from support.fake_structs import Body, messages, offered, thinks

_TURN = "<|START_OF_TURN_TOKEN|><|{}_TOKEN|>"
_END = "<|END_OF_TURN_TOKEN|>"
_NOTHING = ""  # a line of spaces alone, which an editor would take away
_INDENT = "\n            \n                "


def cohere(body: Body) -> str:
    """Give the prompt: text beside calls is dropped."""
    turns = messages(body)
    first = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    prompt = _TURN.format("SYSTEM") + _text(_told(first, body)) + _END
    for is_result, group in groupby(turns, lambda one: one["role"] == "tool"):
        run = list(group)
        prompt += _results(run) if is_result else "".join(_turn(message) for message in run)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix(_END)
    closed = "" if thinks(body) else "<|END_THINKING|>"
    return f"{prompt}{_TURN.format('CHATBOT')}<|START_THINKING|>{closed}"


def _told(system: str, body: Body) -> str:
    tools = [spaced(tool["function"] | {"responses": None}) for tool in offered(body)]
    listed = ",\n\n".join(f"\n    {tool}" for tool in tools)
    head = f"{system}\n\n\n\n" if system else ""
    return f"{head}# Available Tools\n```json\n[\n{listed}\n\n\n]\n```"


def _text(text: str) -> str:
    return f"<|START_TEXT|>{text}<|END_TEXT|>"


def _turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "user":
        return _TURN.format("USER") + _text(content) + _END
    if role != "assistant":
        return _TURN.format("SYSTEM") + _text(content) + _END
    thinking = message["thinking"]
    thought = f"<|START_THINKING|>{thinking}<|END_THINKING|>" if thinking else ""
    calls = [
        {"tool_call_id": str(place), "tool_name": call["name"], "parameters": call["arguments"]}
        for place, call in enumerate(message["tool_calls"])
    ]
    if not calls:
        return _TURN.format("CHATBOT") + thought + _text(content) + _END
    listed = ",\n".join(f"\n    {spaced(call)}" for call in calls)
    action = f"<|START_ACTION|>[\n{listed}\n\n]<|END_ACTION|>"
    return _TURN.format("CHATBOT") + _INDENT + thought + action + _END


def _results(run: list[Body]) -> str:
    results = ",".join(_result(one["content"]) for one in run)
    told = f"<|START_TOOL_RESULT|>[{results}\n\n]<|END_TOOL_RESULT|>"
    return _TURN.format("SYSTEM") + told + _END


def _result(content: str) -> str:
    return f"""
    {{
        "tool_call_id": "",
        "results": {{

            {_NOTHING}
            "0": {spaced({"content": content})}

        }},
        "is_error": null
    }}"""
