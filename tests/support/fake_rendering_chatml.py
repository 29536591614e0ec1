"""Prompts of the native path: qwen2.5's own jinja template, as llama.cpp fills it in."""

from support.fake_go import plain
from support.fake_structs import Body, messages, offered

_DEFAULT = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
_HEAD = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>"""
_TAIL = """
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""


def native_qwen(body: Body) -> str:
    """Give the prompt; a last assistant message without calls is left open."""
    turns = [_renamed(message) for message in messages(body)]
    first = turns[0]["content"] if turns and turns[0]["role"] == "system" else _DEFAULT
    tools = "".join(f"\n{plain(tool)}" for tool in offered(body))
    told = f"{_HEAD}{tools}{_TAIL}" if tools else ""
    prompt = f"<|im_start|>system\n{first}{told}<|im_end|>\n"
    for place, message in enumerate(turns):
        if place or message["role"] != "system":
            prompt += _turn(turns, place)
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"


def tool_run(turns: list[Body], place: int, response: str) -> str:
    """Give the part of a tool result in the user turn that all results in a row share."""
    first = place == 0 or turns[place - 1]["role"] != "tool"
    last = place == len(turns) - 1 or turns[place + 1]["role"] != "tool"
    return ("<|im_start|>user" if first else "") + response + ("<|im_end|>\n" if last else "")


def _renamed(message: Body) -> Body:
    return message | {"role": "system"} if message["role"] == "developer" else message


def _turn(turns: list[Body], place: int) -> str:
    message = turns[place]
    role, content = message["role"], message["content"]
    if role == "tool":
        return tool_run(turns, place, f"\n<tool_response>\n{content}\n</tool_response>")
    if role not in {"system", "user", "assistant"}:
        return ""
    if role == "assistant" and message["tool_calls"]:
        said = f"\n{content}" if content else ""
        calls = "".join(_call(call) for call in message["tool_calls"])
        return f"<|im_start|>assistant{said}{calls}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n"


def _call(call: Body) -> str:
    arguments = plain(call["arguments"])
    return f'\n<tool_call>\n{{"name": "{call["name"]}", "arguments": {arguments}}}\n</tool_call>'
