"""Prompts of Ollama's renderer for glm-4.7."""

from typing import Any

from support.fake_go import compact, spaced
from support.fake_structs import Body, messages, offered, thinks

_HEAD = """<|system|>
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_TAIL = """</tools>

For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value>\
<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>"""


def glm(body: Body) -> str:
    """Give the prompt; a new turn is opened also after an assistant message."""
    turns = messages(body)
    tools = "".join(f"{spaced(tool)}\n" for tool in offered(body))
    prompt = "[gMASK]<sop>" + (f"{_HEAD}{tools}{_TAIL}" if tools else "")
    for place, message in enumerate(turns):
        if message["role"] == "tool":
            first = place == 0 or turns[place - 1]["role"] != "tool"
            prompt += "<|observation|>" if first else ""
        prompt += _turn(message)
    return f"{prompt}<|assistant|>" + ("<think>" if thinks(body) else "</think>")


def call_in_keys(call: Body) -> str:
    """Give a call as this model writes it."""
    arguments = "".join(
        f"<arg_key>{name}</arg_key><arg_value>{_value(value)}</arg_value>"
        for name, value in call["arguments"].items()
    )
    return f"<tool_call>{call['name']}{arguments}</tool_call>"


def _turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "tool":
        return f"<tool_response>{content}</tool_response>"
    if role == "assistant":
        thinking = message["thinking"]
        block = f"<think>{thinking}</think>" if thinking else "</think>"
        calls = "".join(call_in_keys(call) for call in message["tool_calls"])
        return f"<|assistant|>{block}{content}{calls}"
    return f"<|{role}|>{content}" if role in {"system", "user"} else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)
