"""Prompts of Ollama's renderers for deepseek3.1 and cogito."""

import json

from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import compact_json, escape_html, normalize_numbers

_BEGIN = "<｜begin▁of▁sentence｜>"  # the model's own characters
_END = "<｜end▁of▁sentence｜>"
_USER = "<｜User｜>"
_ASSISTANT = "<｜Assistant｜>"
_CALLS = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
_CALL = ("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>")
_OUTPUTS = ("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")
_OUTPUT = ("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>")
_SEPARATOR = "<｜tool▁sep｜>"
_TOOLS_HEAD = "\n\n## Tools\nYou have access to the following tools:\n"
_TOOLS_TAIL = f"""
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
    """Return deepseek3.1's prompt: thinking is dropped, an answer to results has no header."""
    all_messages = read_messages(body)
    turns = [message for message in all_messages if message["role"] != "system"]
    prompt = _BEGIN + "\n\n".join(
        message["content"] for message in all_messages if message["role"] == "system"
    )
    tools = "".join(_deepseek_tool(tool) for tool in read_tools(body))
    prompt += f"{_TOOLS_HEAD}{tools}{_TOOLS_TAIL}" if tools else ""
    for index, message in enumerate(turns):
        if message["role"] == "tool":
            prompt += message["content"].join(_OUTPUT)
        else:
            header = f"{_ASSISTANT}</think>"
            calls = [_deepseek_call(call) for call in message["tool_calls"]]
            prompt += _render_turn(turns, index, header, "".join(calls))
    last_role = turns[-1]["role"] if turns else ""
    if last_role == "assistant":
        return prompt.removesuffix(_END)
    thinking_start = "<think>" if should_think(body) else "</think>"
    return prompt + (f"{_ASSISTANT}{thinking_start}" if last_role == "user" else "")


def cogito(body: Body) -> str:
    """Return cogito's prompt; a system message is shown only if it is the first message."""
    turns = [message for message in read_messages(body) if message["role"] != "system"]
    prompt = f"{_BEGIN}{_cogito_system(body)}"
    for index, message in enumerate(turns):
        if message["role"] == "tool":
            prompt += _render_outputs(turns, index)
        else:
            calls = [_cogito_call(call) for call in message["tool_calls"]]
            prompt += _render_turn(turns, index, _ASSISTANT, "\n".join(calls))
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix(_END)
    return prompt + _ASSISTANT + ("<think>\n" if should_think(body) else "")


def _render_turn(turns: list[Body], index: int, header: str, calls: str) -> str:
    role, content = turns[index]["role"], turns[index]["content"]
    if role == "user":
        return f"{_USER}{content}"
    if role != "assistant":
        return ""
    after_result = index > 0 and turns[index - 1]["role"] == "tool"
    block = calls.join(_CALLS) if calls else ""
    return f"{'' if after_result else header}{content}{block}{_END}"


def _deepseek_tool(tool: Body) -> str:
    function = tool["function"]
    description = function.get("description", "")
    parameters = compact_json(function["parameters"])
    return f"\n### {function['name']}\nDescription: {description}\n\nParameters: {parameters}\n"


def _deepseek_call(call: Body) -> str:
    return f"{call['name']}{_SEPARATOR}{compact_json(call['arguments'])}".join(_CALL)


def _cogito_system(body: Body) -> str:
    turns = read_messages(body)
    system = turns[0]["content"] if turns and turns[0]["role"] == "system" else ""
    text = ("Enable deep thinking subroutine.\n\n" if should_think(body) else "") + _COGITO
    text += f"\n\n{system}\n\n" if system else ""
    tools = [
        json.dumps(normalize_numbers(tool), ensure_ascii=False, indent=4)
        for tool in read_tools(body)
    ]
    if tools:
        text += "\nYou have the following functions available:\n"
    return text + "".join(f"```json\n{escape_html(tool)}\n```\n" for tool in tools)


def _cogito_call(call: Body) -> str:
    function_text = f"{call['name']}\n```json\n{compact_json(call['arguments'])}\n```"
    return f"function{_SEPARATOR}{function_text}".join(_CALL)


def _render_outputs(turns: list[Body], index: int) -> str:
    is_first = index == 0 or turns[index - 1]["role"] != "tool"
    is_last = index == len(turns) - 1 or turns[index + 1]["role"] != "tool"
    output: str = turns[index]["content"].join(_OUTPUT)
    return (_OUTPUTS[0] if is_first else "\n") + output + (_OUTPUTS[1] if is_last else "")
