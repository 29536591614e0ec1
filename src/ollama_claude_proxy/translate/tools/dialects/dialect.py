"""What a dialect is.

The writing side only: what models write is read the same way whatever the dialect, by `reading`,
for they mix them.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.wire.anthropic import Tool


class Result(Struct, frozen=True):
    """The result of a call of the tool `name`."""

    name: str
    text: str


class Dialect(Struct, frozen=True, kw_only=True):
    """One way of writing definitions, calls and results as text.

    `define` gives the definitions with the instructions that go with them; `call` one call as the
    model should have written it; `results` the results of a turn. With `tool_role` each result is a
    message of the role `tool`, which the model's template marks in its own way. `opening` is a call
    up to its arguments, which follow as JSON, and `closing` what ends it. `marks` are strings that
    mean something to the model here, so that no file may hold them unmarked.
    """

    name: str
    define: Callable[[Sequence[Tool]], str]
    call: Callable[[str, dict[str, Any]], str]
    results: Callable[[Sequence[Result]], str]
    opening: Callable[[str], str]
    closing: str = ""
    between: str = "\n"
    tool_role: bool = False
    marks: tuple[str, ...] = ()


def spaced_json(value: Any) -> str:
    """Give JSON with a space behind commas and colons, as models saw it in training."""
    return json.dumps(value, ensure_ascii=False)


def parameters_of(tool: Tool) -> dict[str, Any]:
    """Give a tool's schema, whole but for the name of the standard."""
    schema = {key: value for key, value in (tool.input_schema or {}).items() if key != "$schema"}
    return schema or {"type": "object", "properties": {}}


def function_of(tool: Tool) -> dict[str, Any]:
    """Give a definition in OpenAI's form, which most models were trained on."""
    return {
        "name": tool.name,
        "description": tool.description or "",
        "parameters": parameters_of(tool),
    }


def function_lines(tools: Sequence[Tool]) -> str:
    """Give one definition a line."""
    return "\n".join(
        spaced_json({"type": "function", "function": function_of(tool)}) for tool in tools
    )


def tagged_results(results: Sequence[Result]) -> str:
    """Give results between tags, one behind the other."""
    return "\n".join(f"<tool_response>\n{result.text}\n</tool_response>" for result in results)
