"""Prompts of Ollama's renderer for glimmer."""

from typing import Any

from support.go_structs import Body, read_messages, read_tools
from support.go_values import format_value, plain_json, spaced_json

# A real one has the current date; here it is always the same.
_DEFAULT_SYSTEM = (
    "You are a helpful AI assistant.\nKnowledge cutoff: 2026-01-04.\nCurrent date: 2026-11-23."
)
_TOOLS_HEAD = """
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
_TOOLS_TAIL = """

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
    """Return the prompt; a system message lists the recipients, text beside calls is lost."""
    turns = read_messages(body)
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else ""
    tools = [tool["function"] for tool in read_tools(body)]
    prompt = "<|begin_of_text|>" + _system(system or _DEFAULT_SYSTEM, tools, _tools_text(tools))
    for message in turns:
        prompt += _render_turn(message, tools)
    return prompt if turns and turns[-1]["role"] == "assistant" else f"{prompt}<|start|>assistant"


def _tools_text(tools: list[Body]) -> str:
    names = [spaced_json({"name": tool["name"], "description": ""}) for tool in tools]
    lines = [
        "// Tool metadata",
        *names,
        "// Function schemas",
        *(spaced_json(tool) for tool in tools),
    ]
    return "\n" + _TOOLS_HEAD + "\n".join(lines) + _TOOLS_TAIL if tools else ""


def _system(text: str, tools: list[Body], tools_text: str = "") -> str:
    names = ", ".join(
        f'"{name}"' for name in ("self", *(f"{tool['name']}.*" for tool in tools), "user")
    )
    ending = f"\n\nReasoning strength: high.{tools_text}\n\n# Valid recipients: {names}."
    return f"<|start|>system<|message|>{text}{ending}<|eot|>"


def _render_turn(message: Body, tools: list[Body]) -> str:
    role, content, name = message["role"], message["content"], message["tool_name"]
    if role == "tool":
        result = f'<tool_output name="{name}">\n{content}\n</tool_output>'
        return f"<|start|>tool {name}<|message|>{result}<|eot|>"
    if role == "system":
        return _system(content, tools)
    if role != "assistant":
        return f"<|start|>{role}<|message|>{content}<|eot|>"
    parts = [("self", message["thinking"])] if message["thinking"] else []
    parts += [(call["name"], _render_call(call)) for call in message["tool_calls"]]
    parts += [] if message["tool_calls"] else [("user", content)]
    return (
        "<|eom|>".join(
            f"<|start|>assistant to={recipient}<|message|>{text}" for recipient, text in parts
        )
        + "<|eot|>"
    )


def _render_call(call: Body) -> str:
    arguments = "".join(
        f'<atem:parameter name="{name}">{_value(value)}</atem:parameter>\n'
        for name, value in call["arguments"].items()
    )
    invocation = f'<atem:invoke name="{call["name"]}">\n{arguments}</atem:invoke>\n'
    return f"<atem:function_calls>\n{invocation}</atem:function_calls>"


def _value(value: Any) -> str:
    if value is None:
        return "null"
    return plain_json(value) if isinstance(value, dict | list) else format_value(value)
