"""Prompts of Ollama's renderer for nemotron-3-nano."""

from typing import Any

from support.fake_rendering_qwen import CALL_INSTRUCTIONS, TOOLS_HEAD, call_in_xml, tool_in_xml
from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import format_value, plain_json


def nemotron(body: Body) -> str:
    """Return the prompt; thinking before the last question is replaced by empty blocks."""
    turns = read_messages(body)
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = "".join(
        tool_in_xml(tool, plain_json, str, keep_order=True) for tool in read_tools(body)
    )
    tools_text = f"{TOOLS_HEAD}{tools}{CALL_INSTRUCTIONS}" if tools else ""
    system_text = "\n\n".join(part for part in (system, tools_text) if part)
    prompt = f"<|im_start|>system\n{system_text}<|im_end|>\n" if system_text else ""
    last_question = max(
        (index for index, message in enumerate(turns) if message["role"] == "user"), default=-1
    )
    for index in range(len(turns)):
        prompt += _render_turn(turns, index, show_thinking=index > last_question)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    thinking_start = "<think>\n" if should_think(body) else "<think></think>"
    return f"{prompt}<|im_start|>assistant\n{thinking_start}"


def _render_turn(turns: list[Body], index: int, *, show_thinking: bool) -> str:
    message = turns[index]
    role, content = message["role"], message["content"]
    if role == "tool":
        is_first = index == 0 or turns[index - 1]["role"] != "tool"
        is_last = index == len(turns) - 1 or turns[index + 1]["role"] != "tool"
        response = f"<tool_response>\n{content}\n</tool_response>\n"
        return (
            ("<|im_start|>user\n" if is_first else "")
            + response
            + ("<|im_end|>\n" if is_last else "")
        )
    if role != "assistant":
        text = content.strip() if role == "user" else content
        return f"<|im_start|>{role}\n{text}<|im_end|>\n"
    thinking = message["thinking"]
    answer = (
        f"<think>\n{thinking}\n</think>\n{content}" if thinking else f"<think></think>{content}"
    )
    if not show_thinking:
        answer = f"<think></think>{answer.rpartition('</think>')[2]}"
    calls = "".join(f"\n{call_in_xml(call, _argument)}" for call in message["tool_calls"])
    return (
        f"<|im_start|>assistant\n{answer.strip()}{calls}" + ("\n" if calls else "") + "<|im_end|>\n"
    )


def _argument(value: Any) -> str:
    """Return an argument as Python prints it, but numbers as Go does."""
    if value is None or isinstance(value, bool):
        return str(value)
    return plain_json(value) if isinstance(value, dict | list) else format_value(value)
