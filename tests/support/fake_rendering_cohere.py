"""Prompts of Ollama's renderer for cohere."""

from itertools import groupby

from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import spaced_json

_TURN = "<|START_OF_TURN_TOKEN|><|{}_TOKEN|>"
_END = "<|END_OF_TURN_TOKEN|>"
_SPACES = ""  # ends a line of spaces, which an editor would remove
_INDENT = "\n            \n                "


def cohere(body: Body) -> str:
    """Return the prompt: text beside calls is dropped."""
    turns = read_messages(body)
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    prompt = _TURN.format("SYSTEM") + _text(_system_text(system, body)) + _END
    for is_result, group in groupby(turns, lambda message: message["role"] == "tool"):
        messages = list(group)
        prompt += _render_results(messages) if is_result else "".join(map(_render_turn, messages))
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix(_END)
    thinking_end = "" if should_think(body) else "<|END_THINKING|>"
    return f"{prompt}{_TURN.format('CHATBOT')}<|START_THINKING|>{thinking_end}"


def _system_text(system: str, body: Body) -> str:
    tools = [spaced_json(tool["function"] | {"responses": None}) for tool in read_tools(body)]
    tool_list = ",\n\n".join(f"\n    {tool}" for tool in tools)
    head = f"{system}\n\n\n\n" if system else ""
    return f"{head}# Available Tools\n```json\n[\n{tool_list}\n\n\n]\n```"


def _text(text: str) -> str:
    return f"<|START_TEXT|>{text}<|END_TEXT|>"


def _render_turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "user":
        return _TURN.format("USER") + _text(content) + _END
    if role != "assistant":
        return _TURN.format("SYSTEM") + _text(content) + _END
    thinking = message["thinking"]
    thinking_text = f"<|START_THINKING|>{thinking}<|END_THINKING|>" if thinking else ""
    calls = [
        {"tool_call_id": str(index), "tool_name": call["name"], "parameters": call["arguments"]}
        for index, call in enumerate(message["tool_calls"])
    ]
    if not calls:
        return _TURN.format("CHATBOT") + thinking_text + _text(content) + _END
    call_list = ",\n".join(f"\n    {spaced_json(call)}" for call in calls)
    action = f"<|START_ACTION|>[\n{call_list}\n\n]<|END_ACTION|>"
    return _TURN.format("CHATBOT") + _INDENT + thinking_text + action + _END


def _render_results(messages: list[Body]) -> str:
    results = ",".join(_render_result(message["content"]) for message in messages)
    return f"{_TURN.format('SYSTEM')}<|START_TOOL_RESULT|>[{results}\n\n]<|END_TOOL_RESULT|>{_END}"


def _render_result(content: str) -> str:
    return f"""
    {{
        "tool_call_id": "",
        "results": {{

            {_SPACES}
            "0": {spaced_json({"content": content})}

        }},
        "is_error": null
    }}"""
