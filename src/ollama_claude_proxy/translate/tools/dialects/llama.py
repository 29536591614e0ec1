"""Bare JSON with `parameters`: Llama 3.1 and later. Results are of a role of their own."""

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
    definitions = "\n".join(
        spaced_json({"type": "function", "function": function_of(tool)}) for tool in tools
    )
    return (
        "You have access to the following functions. To call a function, respond with a JSON for "
        "a function call with its proper arguments.\n"
        'Respond in the format {"name": function name, "parameters": dictionary of argument name '
        f"and its value}}. Do not use variables.\n\n{definitions}"
    )


def _call(name: str, arguments: dict[str, Any]) -> str:
    return spaced_json({"name": name, "parameters": arguments})


def _results(results: Sequence[Result]) -> str:
    return "\n\n".join(f"[result of {result.name}]\n{result.text}" for result in results)


LLAMA = Dialect(
    name="llama",
    define=_define,
    call=_call,
    results=_results,
    opening=lambda name: f'{{"name": {spaced_json(name)}, "parameters":',
    closing="}",
    tool_role=True,
)
