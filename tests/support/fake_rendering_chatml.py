"""Prompts of the native path: qwen2.5's own jinja template, as llama.cpp fills it in."""

from support.go_structs import Body, read_messages, read_tools
from support.go_values import plain_json

_DEFAULT_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
_TOOLS_HEAD = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>"""
_TOOLS_TAIL = """
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""


def native_qwen(body: Body) -> str:
    """Return the prompt; a last assistant message without calls is left open."""
    turns = [_developer_as_system(message) for message in read_messages(body)]
    system = turns[0]["content"] if turns and turns[0]["role"] == "system" else _DEFAULT_SYSTEM
    tools = "".join(f"\n{plain_json(tool)}" for tool in read_tools(body))
    tools_text = f"{_TOOLS_HEAD}{tools}{_TOOLS_TAIL}" if tools else ""
    prompt = f"<|im_start|>system\n{system}{tools_text}<|im_end|>\n"
    for index, message in enumerate(turns):
        if index or message["role"] != "system":
            prompt += _render_turn(turns, index)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"


def tool_result_turn(turns: list[Body], index: int, response: str) -> str:
    """Return a tool result's part of the user turn that consecutive results share."""
    is_first = index == 0 or turns[index - 1]["role"] != "tool"
    is_last = index == len(turns) - 1 or turns[index + 1]["role"] != "tool"
    return ("<|im_start|>user" if is_first else "") + response + ("<|im_end|>\n" if is_last else "")


def _developer_as_system(message: Body) -> Body:
    return message | {"role": "system"} if message["role"] == "developer" else message


def _render_turn(turns: list[Body], index: int) -> str:
    message = turns[index]
    role, content = message["role"], message["content"]
    if role == "tool":
        return tool_result_turn(turns, index, f"\n<tool_response>\n{content}\n</tool_response>")
    if role not in {"system", "user", "assistant"}:
        return ""
    if role == "assistant" and message["tool_calls"]:
        text = f"\n{content}" if content else ""
        calls = "".join(_render_call(call) for call in message["tool_calls"])
        return f"<|im_start|>assistant{text}{calls}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def _render_call(call: Body) -> str:
    arguments = plain_json(call["arguments"])
    return f'\n<tool_call>\n{{"name": "{call["name"]}", "arguments": {arguments}}}\n</tool_call>'
