"""The dialect of Mistral, Mixtral and Devstral: a JSON list after `[TOOL_CALLS]`.

Results have their own role.
"""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    ToolResult,
    function_definition,
    spaced_json,
)
from ollama_claude_proxy.wire.anthropic import Tool


def _write_definitions(tools: Sequence[Tool]) -> str:
    definitions = [{"type": "function", "function": function_definition(tool)} for tool in tools]
    return (
        f"[AVAILABLE_TOOLS]{spaced_json(definitions)}[/AVAILABLE_TOOLS]\n\n"
        "To use these tools, answer with [TOOL_CALLS] and a JSON list of calls, each with "
        "the tool's name and its arguments:\n"
        '[TOOL_CALLS][{"name": <tool-name>, "arguments": <args-json-object>}]'
    )


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    return f"[TOOL_CALLS][{spaced_json({'name': name, 'arguments': arguments})}]"


def _write_results(results: Sequence[ToolResult]) -> str:
    return "\n".join(f"[TOOL_RESULTS]{result.text}[/TOOL_RESULTS]" for result in results)


MISTRAL = Dialect(
    name="mistral",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=_write_results,
    call_prefix=lambda name: f'[TOOL_CALLS][{{"name": {spaced_json(name)}, "arguments":',
    call_suffix="}]",
    call_separator="",
    uses_tool_role=True,
    markers=("[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[/AVAILABLE_TOOLS]"),
)
