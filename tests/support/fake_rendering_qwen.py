"""Prompts of Ollama's renderers for qwen3-coder, qwen3.5 and qwen3.8."""

from collections.abc import Callable
from typing import Any

from support.fake_go import all_sorted, compact, printed, spaced
from support.fake_rendering_chatml import tool_run
from support.fake_structs import Body, messages, offered, thinks

HOW_TO_CALL = """
</tools>

If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block must \
be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the \
function call, but NOT after
- If there is no function call available, answer the question like normal with your current \
knowledge and do not tell the user about function calls
</IMPORTANT>"""
HEAD = "# Tools\n\nYou have access to the following functions:\n\n<tools>"
_CODER = "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks."
# Ollama writes these of a map, in another order each time; here the order is always this one.
_LOOSE = ("items", "enum", "properties", "required", "anyOf")


def qwen3_coder(body: Body) -> str:
    """Give qwen3-coder's prompt; of the system messages only the first one is shown."""
    read = messages(body)
    systems = [one["content"] for one in read if one["role"] == "system"]
    turns = [one for one in read if one["role"] != "system"]
    tools = "".join(tool_in_xml(tool, compact, printed_type) for tool in offered(body))
    system = systems[0] if systems else _CODER if tools else ""
    told = f"\n\n{HEAD}{tools}{HOW_TO_CALL}" if tools else ""
    prompt = f"<|im_start|>system\n{system}{told}<|im_end|>\n" if system or told else ""
    prompt += "".join(_coder_turn(turns, place) for place in range(len(turns)))
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"


def qwen3_5(body: Body) -> str:
    """Give qwen3.5's prompt: thinking is shown from the last question on."""
    turns = [one for one in messages(body) if one["role"] != "developer"]
    first = turns[0]["content"].strip() if turns and turns[0]["role"] == "system" else ""
    query = max((i for i, one in enumerate(turns) if one["role"] == "user"), default=len(turns))
    prompt = _system(body, first)
    for place, message in enumerate(turns):
        if place or message["role"] != "system":
            prompt += _turn(turns, place, thought=thinks(body) and place > query)
    return _opened(prompt, turns, body)


def qwen3_8(body: Body) -> str:
    """Give qwen3.8's prompt: system messages at the front, every thought kept."""
    read = messages(body)
    told = [one["content"].strip() for one in read if one["role"] in {"system", "developer"}]
    turns = [one for one in read if one["role"] not in {"system", "developer"}]
    prompt = _system(body, "\n\n".join(told))
    for place in range(len(turns)):
        prompt += _turn(turns, place, thought=True)
    return _opened(prompt, turns, body)


def call_in_xml(call: Body, value: Callable[[Any], str]) -> str:
    """Give a call as these models write it; `value` writes an argument."""
    arguments = "".join(
        f"<parameter={name}>\n{value(argument)}\n</parameter>\n"
        for name, argument in call["arguments"].items()
    )
    return f"<tool_call>\n<function={call['name']}>\n{arguments}</function>\n</tool_call>"


def tool_in_xml(
    tool: Body,
    json_of: Callable[[Any], str],
    type_of: Callable[[Any], str],
    *,
    ordered: bool = False,
) -> str:
    """Give a definition as qwen3-coder and nemotron are shown it."""
    function = tool["function"]
    text = f"\n<function>\n<name>{function['name']}</name>"
    if function.get("description"):
        text += f"\n<description>{function['description']}</description>"
    text += "\n<parameters>"
    schema = function["parameters"]
    for name, one in (schema["properties"] or {}).items():
        text += f"\n<parameter>\n<name>{name}</name>"
        if one.get("type"):
            text += f"\n<type>{type_of(one['type'])}</type>"
        if one.get("description"):
            text += f"\n<description>{one['description']}</description>"
        text += _loose(one, _LOOSE, json_of, ordered=ordered) + "\n</parameter>"
    names = ("$defs", "required") if ordered else ("required", "$defs")
    text += _loose(schema, names, json_of, ordered=ordered)
    return f"{text}\n</parameters>\n</function>"


def printed_type(kind: Any) -> str:
    """Give a property's type: a list of types stands there as JSON."""
    return compact(kind) if isinstance(kind, list) else str(kind)


def argument(value: Any) -> str:
    """Give an argument of a call in the history: text as it is, numbers as `%v` prints them."""
    if value is None:
        return "null"
    return compact(value) if isinstance(value, dict | list) else printed(value)


def _loose(
    schema: Body, names: tuple[str, ...], json_of: Callable[[Any], str], *, ordered: bool
) -> str:
    found = {name: schema[name] for name in names if name in schema}
    return "".join(
        f"\n<{name}>{json_of(value if ordered else all_sorted(value))}</{name}>"
        for name, value in found.items()
    )


def _coder_turn(turns: list[Body], place: int) -> str:
    message = turns[place]
    role, content = message["role"], message["content"]
    if role == "tool":
        return tool_run(turns, place, f"\n<tool_response>\n{content}\n</tool_response>")
    if role == "assistant" and message["tool_calls"]:
        said = f"{content}\n" if content else ""
        calls = "".join(f"\n{call_in_xml(call, argument)}" for call in message["tool_calls"])
        return f"<|im_start|>assistant\n{said}{calls}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n" if role else ""


def _system(body: Body, text: str) -> str:
    tools = "".join(f"\n{spaced(tool)}" for tool in offered(body))
    told = f"{HEAD}{tools}{HOW_TO_CALL}" if tools else ""
    whole = "\n\n".join(part for part in (told, text) if part)
    return f"<|im_start|>system\n{whole}<|im_end|>\n" if whole else ""


def _turn(turns: list[Body], place: int, *, thought: bool) -> str:
    message = turns[place]
    role, content = message["role"], message["content"].strip()
    if role == "tool":
        return tool_run(turns, place, f"\n<tool_response>\n{content}\n</tool_response>")
    if role == "assistant":
        thinking, content = _parted(content, message["thinking"])
        block = f"<think>\n{thinking}\n</think>\n\n" if thought else ""
        calls = "\n".join(call_in_xml(call, argument) for call in message["tool_calls"])
        said = f"{content}\n\n{calls}" if content and calls else content + calls
        return f"<|im_start|>assistant\n{block}{said}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n" if role in {"system", "user"} else ""


def _parted(content: str, thinking: str) -> tuple[str, str]:
    """Part thinking and text, also where the thinking still stands in the text."""
    if thinking or "</think>" not in content:
        return thinking.strip(), content
    before, _, after = content.partition("</think>")
    return before.rpartition("<think>")[2].strip(), after.lstrip("\n")


def _opened(prompt: str, turns: list[Body], body: Body) -> str:
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n<think>\n" + ("" if thinks(body) else "\n</think>\n\n")
