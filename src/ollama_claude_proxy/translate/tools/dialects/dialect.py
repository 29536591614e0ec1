"""The form of a dialect.

Dialects are for writing only. Models mix the forms they were trained on, so `reading` reads calls
the same way whatever the dialect.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.wire.anthropic import Tool


class ToolResult(Struct, frozen=True):
    """The result of a call of the tool `name`."""

    name: str
    text: str


class Dialect(Struct, frozen=True, kw_only=True):
    """One way of writing definitions, calls and results as text.

    `write_definitions` writes the definitions with the instructions that go with them;
    `write_call` one call as the model should have written it, with `call_separator` between calls;
    `write_results` the results of a turn. With `uses_tool_role` each result is a message of the
    role `tool`, which the model's template marks in its own way. `call_prefix` is a call up to its
    arguments, which follow as JSON, and `call_suffix` ends it. `markers` are the control tokens of
    the dialect, which must be neutralised in files.
    """

    name: str
    write_definitions: Callable[[Sequence[Tool]], str]
    write_call: Callable[[str, dict[str, Any]], str]
    write_results: Callable[[Sequence[ToolResult]], str]
    call_prefix: Callable[[str], str]
    call_suffix: str = ""
    call_separator: str = "\n"
    uses_tool_role: bool = False
    markers: tuple[str, ...] = ()


def spaced_json(value: Any) -> str:
    """Return JSON with a space after commas and colons, as models saw it in training."""
    return json.dumps(value, ensure_ascii=False)


def tool_parameters(tool: Tool) -> dict[str, Any]:
    """Return a tool's whole schema, without `$schema`."""
    schema = {key: value for key, value in (tool.input_schema or {}).items() if key != "$schema"}
    return schema or {"type": "object", "properties": {}}


def function_definition(tool: Tool) -> dict[str, Any]:
    """Return a definition in OpenAI's form, which most models were trained on."""
    return {
        "name": tool.name,
        "description": tool.description or "",
        "parameters": tool_parameters(tool),
    }


def function_definition_lines(tools: Sequence[Tool]) -> str:
    """Return one line of JSON for each definition."""
    return "\n".join(
        spaced_json({"type": "function", "function": function_definition(tool)}) for tool in tools
    )


def write_tagged_results(results: Sequence[ToolResult]) -> str:
    """Return the results between tags, one after the other."""
    return "\n".join(f"<tool_response>\n{result.text}\n</tool_response>" for result in results)
