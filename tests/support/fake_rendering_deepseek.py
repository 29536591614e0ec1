"""Prompts of Ollama's renderers for deepseek3.1 and cogito."""

import json

from support.fake_go import compact, escaped, numbers
from support.fake_structs import Body, messages, offered, thinks

_BEGIN = "<｜begin▁of▁sentence｜>"  # these signs are the model's own
_END = "<｜end▁of▁sentence｜>"
_USER = "<｜User｜>"
_ASSISTANT = "<｜Assistant｜>"
_CALLS = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
_CALL = ("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>")
_OUTPUTS = ("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")
_OUTPUT = ("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>")
_SEPARATOR = "<｜tool▁sep｜>"
_HEAD = "\n\n## Tools\nYou have access to the following tools:\n"
_TAIL = f"""
IMPORTANT: ALWAYS adhere to this exact format for tool use:
{_CALLS[0]}{_CALL[0]}tool_call_name{_SEPARATOR}tool_call_arguments{_CALL[1]}\
{{{{additional_tool_calls}}}}{_CALLS[1]}

Where:

- `tool_call_name` must be an exact match to one of the available tools
- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters Schema
- For multiple tool calls, chain them directly without separators or spaces
"""
_COGITO = (
    "You are Cogito, an AI assistant created by Deep Cogito, which is an AI research lab based in "
    "San Francisco."
)


def deepseek(body: Body) -> str:
    """Give deepseek3.1's prompt: thinking is dropped, an answer to results has no header."""
    read = messages(body)
    turns = [one for one in read if one["role"] != "system"]
    prompt = _BEGIN + "\n\n".join(one["content"] for one in read if one["role"] == "system")
    tools = "".join(_deepseek_tool(tool) for tool in offered(body))
    prompt += f"{_HEAD}{tools}{_TAIL}" if tools else ""
    for place, message in enumerate(turns):
        if message["role"] == "tool":
            prompt += message["content"].join(_OUTPUT)
        else:
            header = f"{_ASSISTANT}</think>"
            calls = [_deepseek_call(call) for call in message["tool_calls"]]
            prompt += _turn(turns, place, header, "".join(calls))
    last = turns[-1]["role"] if turns else ""
    if last == "assistant":
        return prompt.removesuffix(_END)
    opening = "<think>" if thinks(body) else "</think>"
    return prompt + (f"{_ASSISTANT}{opening}" if last == "user" else "")


def cogito(body: Body) -> str:
    """Give cogito's prompt; of the system messages only a first one is shown."""
    turns = [one for one in messages(body) if one["role"] != "system"]
    prompt = f"{_BEGIN}{_cogito_system(body)}"
    for place, message in enumerate(turns):
        if message["role"] == "tool":
            prompt += _outputs(turns, place)
        else:
            calls = [_cogito_call(call) for call in message["tool_calls"]]
            prompt += _turn(turns, place, _ASSISTANT, "\n".join(calls))
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix(_END)
    return prompt + _ASSISTANT + ("<think>\n" if thinks(body) else "")


def _turn(turns: list[Body], place: int, header: str, calls: str) -> str:
    role, content = turns[place]["role"], turns[place]["content"]
    if role == "user":
        return f"{_USER}{content}"
    if role != "assistant":
        return ""
    after_result = place > 0 and turns[place - 1]["role"] == "tool"
    block = calls.join(_CALLS) if calls else ""
    return f"{'' if after_result else header}{content}{block}{_END}"


def _deepseek_tool(tool: Body) -> str:
    function = tool["function"]
    description = function.get("description", "")
    parameters = compact(function["parameters"])
    return f"\n### {function['name']}\nDescription: {description}\n\nParameters: {parameters}\n"


def _deepseek_call(call: Body) -> str:
    return f"{call['name']}{_SEPARATOR}{compact(call['arguments'])}".join(_CALL)


def _cogito_system(body: Body) -> str:
    turns = messages(body)
    first = turns[0]["content"] if turns and turns[0]["role"] == "system" else ""
    text = ("Enable deep thinking subroutine.\n\n" if thinks(body) else "") + _COGITO
    text += f"\n\n{first}\n\n" if first else ""
    tools = [json.dumps(numbers(tool), ensure_ascii=False, indent=4) for tool in offered(body)]
    if tools:
        text += "\nYou have the following functions available:\n"
    return text + "".join(f"```json\n{escaped(tool)}\n```\n" for tool in tools)


def _cogito_call(call: Body) -> str:
    written = f"{call['name']}\n```json\n{compact(call['arguments'])}\n```"
    return f"function{_SEPARATOR}{written}".join(_CALL)


def _outputs(turns: list[Body], place: int) -> str:
    first = place == 0 or turns[place - 1]["role"] != "tool"
    last = place == len(turns) - 1 or turns[place + 1]["role"] != "tool"
    output: str = turns[place]["content"].join(_OUTPUT)
    return (_OUTPUTS[0] if first else "\n") + output + (_OUTPUTS[1] if last else "")
