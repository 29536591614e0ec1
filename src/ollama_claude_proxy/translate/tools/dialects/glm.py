"""The dialect of GLM 4.5 and later: a name, then keys and values between tags."""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    function_definition_lines,
    spaced_json,
    write_tagged_results,
)
from ollama_claude_proxy.wire.anthropic import Tool

_FORMAT = """\
For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value>\
<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>"""


def _write_definitions(tools: Sequence[Tool]) -> str:
    return (
        "# Tools\n\n"
        "You may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n"
        f"<tools>\n{function_definition_lines(tools)}\n</tools>\n\n{_FORMAT}"
    )


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    values = "".join(
        f"<arg_key>{key}</arg_key>"
        f"<arg_value>{value if isinstance(value, str) else spaced_json(value)}</arg_value>"
        for key, value in arguments.items()
    )
    return f"<tool_call>{name}{values}</tool_call>"


GLM = Dialect(
    name="glm",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=write_tagged_results,
    call_prefix=lambda name: f'<tool_call>{{"name": {spaced_json(name)}, "arguments":',
    call_suffix="}</tool_call>",
    call_separator="",
    markers=(
        "<tool_call>",
        "</tool_call>",
        "<tool_response>",
        "</tool_response>",
        "</tools>",
        "<arg_key>",
        "</arg_value>",
    ),
)
