"""Prompts of Ollama's renderer for laguna."""

from typing import Any

from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import spaced_json

_DEFAULT_SYSTEM = (
    "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be "
    "helpful to users through natural language conversations."
)
_TOOLS_HEAD = """

### Tools

You may call functions to assist with the user query.
All available function signatures are listed below:
<available_tools>
"""
_TOOLS_TAIL = """</available_tools>

Wrap your thinking in '<think>', '</think>' tags, followed by a function call. For each function \
call, return an unescaped XML-like object with function name and arguments within '<tool_call>' \
and '</tool_call>' tags, like here:
<think> your thoughts here </think>
<tool_call>function-name
<arg_key>argument-key</arg_key>
<arg_value>value-of-argument-key</arg_value>
</tool_call>"""


def laguna(body: Body) -> str:
    """Return the prompt; all thinking is kept."""
    turns = read_messages(body)
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = "".join(f"{spaced_json(tool)}\n" for tool in read_tools(body))
    tools_text = f"{_TOOLS_HEAD}{tools}{_TOOLS_TAIL}" if tools else ""
    prompt = f"〈|EOS|〉<system>\n\n{(system or _DEFAULT_SYSTEM).rstrip()}{tools_text}\n</system>\n"
    prompt += "".join(_render_turn(message) for message in turns)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("</assistant>\n")
    return f"{prompt}<assistant>\n" + ("<think>" if should_think(body) else "</think>")


def _render_turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "tool":
        return f"<tool_response>\n{content}\n</tool_response>\n"
    if role != "assistant":
        return f"<{role}>\n{content}\n</{role}>\n"
    thinking, text = message["thinking"], content.strip()
    answer = f"<think>\n{thinking}\n</think>\n" if thinking else "</think>\n"
    answer += f"{text}\n" if text else ""
    calls = "".join(_render_call(call) for call in message["tool_calls"])
    return f"<assistant>\n{answer}{calls}</assistant>\n"


def _render_call(call: Body) -> str:
    arguments = "".join(
        f"<arg_key>{name}</arg_key>\n<arg_value>{_value(value)}</arg_value>\n"
        for name, value in call["arguments"].items()
    )
    return f"<tool_call>{call['name']}\n{arguments}</tool_call>\n"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else spaced_json(value)
