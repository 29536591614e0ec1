"""The dialect of Hermes and all Qwens before Qwen3-Coder: JSON between `<tool_call>` tags."""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    function_definition_lines,
    spaced_json,
    write_tagged_results,
)
from ollama_claude_proxy.wire.anthropic import Tool


def _write_definitions(tools: Sequence[Tool]) -> str:
    return (
        "# Tools\n\n"
        "You may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n"
        f"<tools>\n{function_definition_lines(tools)}\n</tools>\n\n"
        "For each function call, return a json object with function name and arguments within "
        "<tool_call></tool_call> XML tags:\n"
        '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    body = spaced_json({"name": name, "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call>"


HERMES = Dialect(
    name="hermes",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=write_tagged_results,
    call_prefix=lambda name: f'<tool_call>\n{{"name": {spaced_json(name)}, "arguments":',
    call_suffix="}\n</tool_call>",
    markers=("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "</tools>"),
)
