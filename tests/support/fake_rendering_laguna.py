"""Prompts of Ollama's renderer for laguna."""

from typing import Any

from support.fake_go import spaced
from support.fake_structs import Body, messages, offered, thinks

_DEFAULT = (
    "You are a helpful, conversationally-fluent assistant made by Poolside. You are here to be "
    "helpful to users through natural language conversations."
)
_HEAD = """

### Tools

You may call functions to assist with the user query.
All available function signatures are listed below:
<available_tools>
"""
_TAIL = """</available_tools>

Wrap your thinking in '<think>', '</think>' tags, followed by a function call. For each function \
call, return an unescaped XML-like object with function name and arguments within '<tool_call>' \
and '</tool_call>' tags, like here:
<think> your thoughts here </think>
<tool_call>function-name
<arg_key>argument-key</arg_key>
<arg_value>value-of-argument-key</arg_value>
</tool_call>"""


def laguna(body: Body) -> str:
    """Give the prompt: every thought is kept."""
    turns = messages(body)
    given = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = "".join(f"{spaced(tool)}\n" for tool in offered(body))
    told = f"{_HEAD}{tools}{_TAIL}" if tools else ""
    prompt = f"〈|EOS|〉<system>\n\n{(given or _DEFAULT).rstrip()}{told}\n</system>\n"
    prompt += "".join(_turn(message) for message in turns)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("</assistant>\n")
    return f"{prompt}<assistant>\n" + ("<think>" if thinks(body) else "</think>")


def _turn(message: Body) -> str:
    role, content = message["role"], message["content"]
    if role == "tool":
        return f"<tool_response>\n{content}\n</tool_response>\n"
    if role != "assistant":
        return f"<{role}>\n{content}\n</{role}>\n"
    thinking, text = message["thinking"], content.strip()
    said = f"<think>\n{thinking}\n</think>\n" if thinking else "</think>\n"
    said += f"{text}\n" if text else ""
    calls = "".join(_call(call) for call in message["tool_calls"])
    return f"<assistant>\n{said}{calls}</assistant>\n"


def _call(call: Body) -> str:
    arguments = "".join(
        f"<arg_key>{name}</arg_key>\n<arg_value>{_value(value)}</arg_value>\n"
        for name, value in call["arguments"].items()
    )
    return f"<tool_call>{call['name']}\n{arguments}</tool_call>\n"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else spaced(value)
