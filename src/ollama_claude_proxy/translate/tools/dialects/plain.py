"""For every model that was trained on nothing that we know: a fence of JSON, which all write."""

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
    definitions = "\n".join(spaced_json(function_of(tool)) for tool in tools)
    return (
        "# Tools\n\n"
        "You can use tools. Each line describes one, with the JSON schema of its arguments:\n"
        f"{definitions}\n\n"
        "To use a tool, answer with a block of JSON that holds its name and its arguments, and "
        "stop there. The result comes in the next message.\n"
        '```json\n{"name": <tool-name>, "arguments": <args-json-object>}\n```'
    )


def _call(name: str, arguments: dict[str, Any]) -> str:
    return f"```json\n{spaced_json({'name': name, 'arguments': arguments})}\n```"


def _results(results: Sequence[Result]) -> str:
    return "\n\n".join(f"[result of {result.name}]\n{result.text}" for result in results)


PLAIN = Dialect(
    name="plain",
    define=_define,
    call=_call,
    results=_results,
    opening=lambda name: f'```json\n{{"name": {spaced_json(name)}, "arguments":',
    closing="}\n```",
)
