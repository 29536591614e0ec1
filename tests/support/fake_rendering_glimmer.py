"""Prompts of Ollama's renderer for glimmer."""

from typing import Any

from support.fake_go import plain, printed, spaced
from support.fake_structs import Body, messages, offered

# A real one tells the day; here it is always the same.
_DEFAULT = (
    "You are a helpful AI assistant.\nKnowledge cutoff: 2026-01-04.\nCurrent date: 2026-11-23."
)
_HEAD = """
In this environment you have access to a set of tools you can use to answer the user's question.

You can invoke a function by writing a "<atem:function_calls>" block like the following:
<atem:function_calls>
<atem:invoke name="$FUNCTION_NAME">
<atem:parameter name="$PARAMETER_NAME">$PARAMETER_VALUE</atem:parameter>
...
</atem:invoke>
</atem:function_calls>

String and scalar parameters should be specified as is, while lists and objects should use JSON \
format. Note that spaces for string values are not stripped. The output is not expected to be \
valid XML and is parsed with regular expressions.
Here are the functions available in JSONSchema format:
"""
_TAIL = """

Here's an example of how to call a function in the tool set:
(If the tool namespace is not specified, invoke the function directly as `example_function_name` \
rather than `example_tool_name.example_function_name`)

to=example_tool_name.example_function_name

<atem:function_calls>
<atem:invoke name="example_tool_name.example_function_name">
<atem:parameter name="example_parameter_1">value_1</atem:parameter>
<atem:parameter name="example_parameter_2">This is the value for the second parameter
that can span
"multiple" lines
</atem:parameter>
</atem:invoke>
</atem:function_calls>"""


def glimmer(body: Body) -> str:
    """Give the prompt: a system message tells who may be spoken to, text beside calls is lost."""
    turns = messages(body)
    given = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = [tool["function"] for tool in offered(body)]
    prompt = "<|begin_of_text|>" + _system(given or _DEFAULT, tools, _told(tools))
    for message in turns:
        prompt += _turn(message, tools)
    return prompt if turns and turns[-1]["role"] == "assistant" else f"{prompt}<|start|>assistant"


def _told(tools: list[Body]) -> str:
    names = [spaced({"name": tool["name"], "description": ""}) for tool in tools]
    listed = ["// Tool metadata", *names, "// Function schemas", *(spaced(tool) for tool in tools)]
    return "\n" + _HEAD + "\n".join(listed) + _TAIL if tools else ""


def _system(text: str, tools: list[Body], told: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in ("self", *(f"{t['name']}.*" for t in tools), "user"))
    ending = f"\n\nReasoning strength: high.{told}\n\n# Valid recipients: {names}."
    return f"<|start|>system<|message|>{text}{ending}<|eot|>"


def _turn(message: Body, tools: list[Body]) -> str:
    role, content, name = message["role"], message["content"], message["tool_name"]
    if role == "tool":
        result = f'<tool_output name="{name}">\n{content}\n</tool_output>'
        return f"<|start|>tool {name}<|message|>{result}<|eot|>"
    if role == "system":
        return _system(content, tools)
    if role != "assistant":
        return f"<|start|>{role}<|message|>{content}<|eot|>"
    said = [("self", message["thinking"])] if message["thinking"] else []
    said += [(call["name"], _call(call)) for call in message["tool_calls"]]
    said += [] if message["tool_calls"] else [("user", content)]
    return (
        "<|eom|>".join(f"<|start|>assistant to={to}<|message|>{it}" for to, it in said) + "<|eot|>"
    )


def _call(call: Body) -> str:
    arguments = "".join(
        f'<atem:parameter name="{name}">{_value(value)}</atem:parameter>\n'
        for name, value in call["arguments"].items()
    )
    invoked = f'<atem:invoke name="{call["name"]}">\n{arguments}</atem:invoke>\n'
    return f"<atem:function_calls>\n{invoked}</atem:function_calls>"


def _value(value: Any) -> str:
    if value is None:
        return "null"
    return plain(value) if isinstance(value, dict | list) else printed(value)
