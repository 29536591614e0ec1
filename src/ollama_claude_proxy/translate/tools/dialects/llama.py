"""The dialect of Llama 3.1 and later: bare JSON with `parameters`; results have their own role."""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    ToolResult,
    function_definition_lines,
    spaced_json,
)
from ollama_claude_proxy.wire.anthropic import Tool


def _write_definitions(tools: Sequence[Tool]) -> str:
    return (
        "You have access to the following functions. To call a function, respond with a JSON for "
        "a function call with its proper arguments.\n"
        'Respond in the format {"name": function name, "parameters": dictionary of argument name '
        f"and its value}}. Do not use variables.\n\n{function_definition_lines(tools)}"
    )


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    return spaced_json({"name": name, "parameters": arguments})


def _write_results(results: Sequence[ToolResult]) -> str:
    return "\n\n".join(f"[result of {result.name}]\n{result.text}" for result in results)


LLAMA = Dialect(
    name="llama",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=_write_results,
    call_prefix=lambda name: f'{{"name": {spaced_json(name)}, "parameters":',
    call_suffix="}",
    uses_tool_role=True,
)
