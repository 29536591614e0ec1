"""Prompts of Ollama's renderer for nemotron-3-nano."""

from typing import Any

from support.fake_go import plain, printed
from support.fake_rendering_qwen import HEAD, HOW_TO_CALL, call_in_xml, tool_in_xml
from support.fake_structs import Body, messages, offered, thinks


def nemotron(body: Body) -> str:
    """Give the prompt: thoughts before the last question are cut down to empty ones."""
    turns = messages(body)
    first = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = "".join(tool_in_xml(tool, plain, str, ordered=True) for tool in offered(body))
    told = f"{HEAD}{tools}{HOW_TO_CALL}" if tools else ""
    whole = "\n\n".join(part for part in (first, told) if part)
    prompt = f"<|im_start|>system\n{whole}<|im_end|>\n" if whole else ""
    query = max((i for i, one in enumerate(turns) if one["role"] == "user"), default=-1)
    for place in range(len(turns)):
        prompt += _turn(turns, place, thought=place > query)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    opening = "<think>\n" if thinks(body) else "<think></think>"
    return f"{prompt}<|im_start|>assistant\n{opening}"


def _turn(turns: list[Body], place: int, *, thought: bool) -> str:
    message = turns[place]
    role, content = message["role"], message["content"]
    if role == "tool":
        first = place == 0 or turns[place - 1]["role"] != "tool"
        last = place == len(turns) - 1 or turns[place + 1]["role"] != "tool"
        response = f"<tool_response>\n{content}\n</tool_response>\n"
        return ("<|im_start|>user\n" if first else "") + response + ("<|im_end|>\n" if last else "")
    if role != "assistant":
        text = content.strip() if role == "user" else content
        return f"<|im_start|>{role}\n{text}<|im_end|>\n"
    thinking = message["thinking"]
    said = f"<think>\n{thinking}\n</think>\n{content}" if thinking else f"<think></think>{content}"
    if not thought:
        said = f"<think></think>{said.rpartition('</think>')[2]}"
    calls = "".join(f"\n{call_in_xml(call, _argument)}" for call in message["tool_calls"])
    return (
        f"<|im_start|>assistant\n{said.strip()}{calls}" + ("\n" if calls else "") + "<|im_end|>\n"
    )


def _argument(value: Any) -> str:
    """Give an argument as Python prints it, save that numbers are Go's."""
    if value is None or isinstance(value, bool):
        return str(value)
    return plain(value) if isinstance(value, dict | list) else printed(value)
