"""The dialect of Qwen3-Coder and Qwen3.5: functions and parameters between tags.

Values are written unescaped, so a file's content needs no escapes.
"""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    spaced_json,
    tool_parameters,
    write_tagged_results,
)
from ollama_claude_proxy.wire.anthropic import Tool

_FORMAT = """\
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
</tool_call>"""


def _write_definitions(tools: Sequence[Tool]) -> str:
    functions = "\n".join(map(_write_function, tools))
    return (
        "# Tools\n\nYou have access to the following functions:\n\n"
        f"<tools>\n{functions}\n</tools>\n\n{_FORMAT}"
    )


def _write_function(tool: Tool) -> str:
    schema = tool_parameters(tool)
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    parameters = "".join(_write_parameter(name, inner) for name, inner in properties.items())
    rest = "".join(
        f"\n<{key}>{value if isinstance(value, str) else spaced_json(value)}</{key}>"
        for key, value in schema.items()
        if key not in {"type", "properties"}
    )
    return (
        f"<function>\n<name>{tool.name}</name>\n<description>{tool.description or ''}</description>"
        f"\n<parameters>{parameters}{rest}\n</parameters>\n</function>"
    )


def _write_parameter(name: str, schema: Any) -> str:
    lines = [f"<name>{name}</name>"]
    if isinstance(schema, dict):
        for key, value in schema.items():
            text = value if isinstance(value, str) else spaced_json(value)
            lines.append(f"<{key}>{text}</{key}>")
    return "\n<parameter>\n" + "\n".join(lines) + "\n</parameter>"


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    parameters = "".join(_write_argument(key, value) for key, value in arguments.items())
    return f"<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>"


def _write_argument(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else spaced_json(value)
    return f"<parameter={name}>\n{text}\n</parameter>\n"


QWEN_XML = Dialect(
    name="qwen-xml",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=write_tagged_results,
    call_prefix=lambda name: f'<tool_call>\n{{"name": {spaced_json(name)}, "arguments":',
    call_suffix="}\n</tool_call>",
    markers=(
        "<tool_call>",
        "</tool_call>",
        "<tool_response>",
        "</tool_response>",
        "</tools>",
        "</function>",
        "</parameter>",
    ),
)
