"""Prompts of Ollama's renderers for lfm2 and olmo3, whose calls look like Python's."""

from collections.abc import Callable
from typing import Any

from support.go_structs import Body, read_messages, read_tools
from support.go_values import compact_json, plain_json, spaced_json

_OLMO_SYSTEM = "You are a helpful function-calling AI assistant. "
_OLMO_TOOLS = (
    "You are provided with function signatures within <functions></functions> XML tags. You may "
    "call one or more functions to assist with the user query. Output any function calls within "
    "<function_calls></function_calls> XML tags. Do not make assumptions about what values to plug "
    "into functions."
)
_OLMO_NO_TOOLS = "You do not currently have access to any functions. "


def lfm2(body: Body) -> str:
    """Return lfm2's prompt; calls come before the text beside them."""
    turns = read_messages(body)
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = ", ".join(spaced_json(tool["function"]) for tool in read_tools(body))
    tools_text = f"List of tools: <|tool_list_start|>[{tools}]<|tool_list_end|>" if tools else ""
    system_text = "\n".join(part for part in (system, tools_text) if part)
    prompt = "<|startoftext|>"
    prompt += f"<|im_start|>system\n{system_text}<|im_end|>\n" if system_text else ""
    for message in turns:
        content = message["content"]
        if message["role"] == "tool":
            content = f"<|tool_response_start|>{content}<|tool_response_end|>"
        elif message["tool_calls"]:
            calls = ",".join(_render_call(call, plain_json, ",") for call in message["tool_calls"])
            calls_block = f"<|tool_call_start|>[{calls}]<|tool_call_end|>"
            content = f"{calls_block}\n{content}" if content else calls_block
        prompt += f"<|im_start|>{message['role']}\n{content}<|im_end|>\n"
    return _open_answer(prompt, turns)


def olmo3(body: Body) -> str:
    """Return olmo3's prompt; of the system messages only the first one is shown."""
    all_messages = read_messages(body)
    systems = [message["content"] for message in all_messages if message["role"] == "system"]
    turns = [message for message in all_messages if message["role"] != "system"]
    tools = ", ".join(spaced_json(tool) for tool in read_tools(body))
    default = _OLMO_SYSTEM + (_OLMO_TOOLS if tools else f"{_OLMO_NO_TOOLS}<functions></functions>")
    tools_text = f"<functions>[{tools}]</functions>" if tools else ""
    prompt = f"<|im_start|>system\n{systems[0] if systems else default}{tools_text}<|im_end|>\n"
    for message in turns:
        role = "environment" if message["role"] == "tool" else message["role"]
        calls = "\n".join(_render_call(call, compact_json, ", ") for call in message["tool_calls"])
        calls_block = f"<function_calls>{calls}</function_calls>" if calls else ""
        prompt += f"<|im_start|>{role}\n{message['content']}{calls_block}<|im_end|>\n"
    return _open_answer(prompt, turns)


def _render_call(call: Body, format_argument: Callable[[Any], str], separator: str) -> str:
    arguments = call["arguments"]
    argument_text = separator.join(
        f"{name}={format_argument(arguments[name])}" for name in sorted(arguments)
    )
    return f"{call['name']}({argument_text})"


def _open_answer(prompt: str, turns: list[Body]) -> str:
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"
