"""Prompts of Ollama's renderer for glm-4.7."""

from typing import Any

from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import compact_json, spaced_json

_TOOLS_HEAD = """<|system|>
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_TOOLS_TAIL = """</tools>

For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value>\
<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>"""


def glm(body: Body) -> str:
    """Return the prompt; a new turn is opened even after an assistant message."""
    turns = read_messages(body)
    tools = "".join(f"{spaced_json(tool)}\n" for tool in read_tools(body))
    prompt = "[gMASK]<sop>" + (f"{_TOOLS_HEAD}{tools}{_TOOLS_TAIL}" if tools else "")
    for index, message in enumerate(turns):
        if message["role"] == "tool":
            is_first_result = index == 0 or turns[index - 1]["role"] != "tool"
            prompt += "<|observation|>" if is_first_result else ""
        prompt += _render_turn(message)
    return f"{prompt}<|assistant|>" + ("<think>" if should_think(body) else "</think>")


def call_in_keys(call: Body) -> str:
    """Return a call as this model writes it."""
    arguments = "".join(
        f"<arg_key>{name}</arg_key><arg_value>{_value(value)}</arg_value>"
        for name, value in call["arguments"].items()
    )
    return f"<tool_call>{call['name']}{arguments}</tool_call>"


def _render_turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "tool":
        return f"<tool_response>{content}</tool_response>"
    if role == "assistant":
        thinking = message["thinking"]
        thinking_block = f"<think>{thinking}</think>" if thinking else "</think>"
        calls = "".join(call_in_keys(call) for call in message["tool_calls"])
        return f"<|assistant|>{thinking_block}{content}{calls}"
    return f"<|{role}|>{content}" if role in {"system", "user"} else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else compact_json(value)
