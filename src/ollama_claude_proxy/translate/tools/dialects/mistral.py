"""A list behind `[TOOL_CALLS]`: Mistral, Mixtral, Devstral. Results are of a role of their own."""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import (
    Dialect,
    Result,
    function_of,
    spaced_json,
)
from ollama_claude_proxy.wire.anthropic import Tool


def _define(tools: Sequence[Tool]) -> str:
    definitions = [{"type": "function", "function": function_of(tool)} for tool in tools]
    return (
        f"[AVAILABLE_TOOLS]{spaced_json(definitions)}[/AVAILABLE_TOOLS]\n\n"
        "To use these tools, answer with [TOOL_CALLS] and a JSON list of calls, each with "
        "the tool's name and its arguments:\n"
        '[TOOL_CALLS][{"name": <tool-name>, "arguments": <args-json-object>}]'
    )


def _call(name: str, arguments: dict[str, Any]) -> str:
    return f"[TOOL_CALLS][{spaced_json({'name': name, 'arguments': arguments})}]"


def _results(results: Sequence[Result]) -> str:
    return "\n".join(f"[TOOL_RESULTS]{result.text}[/TOOL_RESULTS]" for result in results)


MISTRAL = Dialect(
    name="mistral",
    define=_define,
    call=_call,
    results=_results,
    opening=lambda name: f'[TOOL_CALLS][{{"name": {spaced_json(name)}, "arguments":',
    closing="}]",
    between="",
    tool_role=True,
    marks=("[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[/AVAILABLE_TOOLS]"),
)
