"""Prompts of Ollama's renderers for qwen3-coder, qwen3.5 and qwen3.8."""

from collections.abc import Callable
from typing import Any

from support.fake_rendering_chatml import tool_result_turn
from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import compact_json, format_value, sort_keys, spaced_json

CALL_INSTRUCTIONS = """
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
TOOLS_HEAD = "# Tools\n\nYou have access to the following functions:\n\n<tools>"
_CODER_SYSTEM = (
    "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks."
)
# Ollama writes these in the random order of a Go map; here the order is always this one.
_EXTRA_KEYWORDS = ("items", "enum", "properties", "required", "anyOf")


def qwen3_coder(body: Body) -> str:
    """Return qwen3-coder's prompt; of the system messages only the first one is shown."""
    all_messages = read_messages(body)
    systems = [message["content"] for message in all_messages if message["role"] == "system"]
    turns = [message for message in all_messages if message["role"] != "system"]
    tools = "".join(tool_in_xml(tool, compact_json, format_type) for tool in read_tools(body))
    system = systems[0] if systems else _CODER_SYSTEM if tools else ""
    tools_text = f"\n\n{TOOLS_HEAD}{tools}{CALL_INSTRUCTIONS}" if tools else ""
    prompt = f"<|im_start|>system\n{system}{tools_text}<|im_end|>\n" if system or tools_text else ""
    prompt += "".join(_render_coder_turn(turns, index) for index in range(len(turns)))
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n"


def qwen3_5(body: Body) -> str:
    """Return qwen3.5's prompt: thinking is shown from the last question on."""
    turns = [message for message in read_messages(body) if message["role"] != "developer"]
    system = turns[0]["content"].strip() if turns and turns[0]["role"] == "system" else ""
    last_question = max(
        (index for index, message in enumerate(turns) if message["role"] == "user"),
        default=len(turns),
    )
    prompt = _system(body, system)
    for index, message in enumerate(turns):
        if index or message["role"] != "system":
            prompt += _render_turn(
                turns, index, show_thinking=should_think(body) and index > last_question
            )
    return _open_answer(prompt, turns, body)


def qwen3_8(body: Body) -> str:
    """Return qwen3.8's prompt: system messages at the front, every thought kept."""
    all_messages = read_messages(body)
    system_texts = [
        message["content"].strip()
        for message in all_messages
        if message["role"] in {"system", "developer"}
    ]
    turns = [message for message in all_messages if message["role"] not in {"system", "developer"}]
    prompt = _system(body, "\n\n".join(system_texts))
    for index in range(len(turns)):
        prompt += _render_turn(turns, index, show_thinking=True)
    return _open_answer(prompt, turns, body)


def call_in_xml(call: Body, value: Callable[[Any], str]) -> str:
    """Return a call as these models write it; `value` formats an argument."""
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
    keep_order: bool = False,
) -> str:
    """Return a tool definition as qwen3-coder and nemotron are shown it."""
    function = tool["function"]
    text = f"\n<function>\n<name>{function['name']}</name>"
    if function.get("description"):
        text += f"\n<description>{function['description']}</description>"
    text += "\n<parameters>"
    schema = function["parameters"]
    for name, property_schema in (schema["properties"] or {}).items():
        text += f"\n<parameter>\n<name>{name}</name>"
        if property_schema.get("type"):
            text += f"\n<type>{type_of(property_schema['type'])}</type>"
        if property_schema.get("description"):
            text += f"\n<description>{property_schema['description']}</description>"
        text += (
            _extra_keywords(property_schema, _EXTRA_KEYWORDS, json_of, keep_order=keep_order)
            + "\n</parameter>"
        )
    names = ("$defs", "required") if keep_order else ("required", "$defs")
    text += _extra_keywords(schema, names, json_of, keep_order=keep_order)
    return f"{text}\n</parameters>\n</function>"


def format_type(property_type: Any) -> str:
    """Return a property's type; a list of types as JSON."""
    return compact_json(property_type) if isinstance(property_type, list) else str(property_type)


def format_argument(value: Any) -> str:
    """Return an argument of an earlier call: text verbatim, numbers as `%v` prints them."""
    if value is None:
        return "null"
    return compact_json(value) if isinstance(value, dict | list) else format_value(value)


def _extra_keywords(
    schema: Body, names: tuple[str, ...], json_of: Callable[[Any], str], *, keep_order: bool
) -> str:
    present = {name: schema[name] for name in names if name in schema}
    return "".join(
        f"\n<{name}>{json_of(value if keep_order else sort_keys(value))}</{name}>"
        for name, value in present.items()
    )


def _render_coder_turn(turns: list[Body], index: int) -> str:
    message = turns[index]
    role, content = message["role"], message["content"]
    if role == "tool":
        return tool_result_turn(turns, index, f"\n<tool_response>\n{content}\n</tool_response>")
    if role == "assistant" and message["tool_calls"]:
        answer = f"{content}\n" if content else ""
        calls = "".join(f"\n{call_in_xml(call, format_argument)}" for call in message["tool_calls"])
        return f"<|im_start|>assistant\n{answer}{calls}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n" if role else ""


def _system(body: Body, text: str) -> str:
    tools = "".join(f"\n{spaced_json(tool)}" for tool in read_tools(body))
    tools_text = f"{TOOLS_HEAD}{tools}{CALL_INSTRUCTIONS}" if tools else ""
    system_text = "\n\n".join(part for part in (tools_text, text) if part)
    return f"<|im_start|>system\n{system_text}<|im_end|>\n" if system_text else ""


def _render_turn(turns: list[Body], index: int, *, show_thinking: bool) -> str:
    message = turns[index]
    role, content = message["role"], message["content"].strip()
    if role == "tool":
        return tool_result_turn(turns, index, f"\n<tool_response>\n{content}\n</tool_response>")
    if role == "assistant":
        thinking, content = _split_thinking(content, message["thinking"])
        thinking_block = f"<think>\n{thinking}\n</think>\n\n" if show_thinking else ""
        calls = "\n".join(call_in_xml(call, format_argument) for call in message["tool_calls"])
        answer = f"{content}\n\n{calls}" if content and calls else content + calls
        return f"<|im_start|>assistant\n{thinking_block}{answer}<|im_end|>\n"
    return f"<|im_start|>{role}\n{content}<|im_end|>\n" if role in {"system", "user"} else ""


def _split_thinking(content: str, thinking: str) -> tuple[str, str]:
    """Separate thinking and text, even if the thinking is still part of the text."""
    if thinking or "</think>" not in content:
        return thinking.strip(), content
    before, _, after = content.partition("</think>")
    return before.rpartition("<think>")[2].strip(), after.lstrip("\n")


def _open_answer(prompt: str, turns: list[Body], body: Body) -> str:
    if turns and turns[-1]["role"] == "assistant":
        return prompt.removesuffix("<|im_end|>\n")
    return f"{prompt}<|im_start|>assistant\n<think>\n" + (
        "" if should_think(body) else "\n</think>\n\n"
    )
