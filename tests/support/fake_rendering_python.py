"""Prompts of Ollama's renderers for lfm2 and olmo3, whose calls look like Python's."""

from collections.abc import Callable
from typing import Any

from support.fake_go import compact, plain, spaced
from support.fake_structs import Body, messages, offered

_OLMO = "You are a helpful function-calling AI assistant. "
_OLMO_TOOLS = (
    "You are provided with function signatures within <functions></functions> XML tags. You may "
    "call one or more functions to assist with the user query. Output any function calls within "
    "<function_calls></function_calls> XML tags. Do not make assumptions about what values to plug "
    "into functions."
)
_OLMO_NONE = "You do not currently have access to any functions. "


def lfm2(body: Body) -> str:
    """Give lfm2's prompt: calls stand before the text beside them."""
    turns = messages(body)
    first = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = ", ".join(spaced(tool["function"]) for tool in offered(body))
    told = f"List of tools: <|tool_list_start|>[{tools}]<|tool_list_end|>" if tools else ""
    whole = "\n".join(part for part in (first, told) if part)
    prompt = "<|startoftext|>"
    prompt += f"<|im_start|>system\n{whole}<|im_end|>\n" if whole else ""
    for message in turns:
        content = message["content"]
        if message["role"] == "tool":
            content = f"<|tool_response_start|>{content}<|tool_response_end|>"
        elif message["tool_calls"]:
            calls = ",".join(_call(call, plain, ",") for call in message["tool_calls"])
            block = f"<|tool_call_start|>[{calls}]<|tool_call_end|>"
            content = f"{block}\n{content}" if content else block
        prompt += f"<|im_start|>{message['role']}\n{content}<|im_end|>\n"
    return _opened(prompt, turns)


def olmo3(body: Body) -> str:
    """Give olmo3's prompt; of the system messages only the first one is shown."""
    read = messages(body)
    systems = [one["content"] for one in read if one["role"] == "system"]
    turns = [one for one in read if one["role"] != "system"]
    tools = ", ".join(spaced(tool) for tool in offered(body))
    default = _OLMO + (_OLMO_TOOLS if tools else f"{_OLMO_NONE}<functions></functions>")
    told = f"<functions>[{tools}]</functions>" if tools else ""
    prompt = f"<|im_start|>system\n{systems[0] if systems else default}{told}<|im_end|>\n"
    for message in turns:
        role = "environment" if message["role"] == "tool" else message["role"]
        calls = "\n".join(_call(call, compact, ", ") for call in message["tool_calls"])
        block = f"<function_calls>{calls}</function_calls>" if calls else ""
        prompt += f"<|im_start|>{role}\n{message['content']}{block}<|im_end|>\n"
    return _opened(prompt, turns)


def _call(call: Body, value: Callable[[Any], str], separator: str) -> str:
    arguments = call["arguments"]
    written = separator.join(f"{name}={value(arguments[name])}" for name in sorted(arguments))
    return f"{call['name']}({written})"


def _opened(prompt: str, turns: list[Body]) -> str:
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"
