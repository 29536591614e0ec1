"""The dialect for models whose training is unknown: a fence of JSON, which all models write."""

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
    definitions = "\n".join(spaced_json(function_definition(tool)) for tool in tools)
    return (
        "# Tools\n\n"
        "You can use tools. Each line describes one, with the JSON schema of its arguments:\n"
        f"{definitions}\n\n"
        "To use a tool, answer with a block of JSON that holds its name and its arguments, and "
        "stop there. The result comes in the next message.\n"
        '```json\n{"name": <tool-name>, "arguments": <args-json-object>}\n```'
    )


def _write_call(name: str, arguments: dict[str, Any]) -> str:
    return f"```json\n{spaced_json({'name': name, 'arguments': arguments})}\n```"


def _write_results(results: Sequence[ToolResult]) -> str:
    return "\n\n".join(f"[result of {result.name}]\n{result.text}" for result in results)


PLAIN = Dialect(
    name="plain",
    write_definitions=_write_definitions,
    write_call=_write_call,
    write_results=_write_results,
    call_prefix=lambda name: f'```json\n{{"name": {spaced_json(name)}, "arguments":',
    call_suffix="}\n```",
)
