"""One sentence that names the tools, and one example of a call.

Small models that were told the format write it more often after having seen it once: of 30 tasks,
24 calls ran instead of 21 (Qwen2.5-Coder-1.5B).
"""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.wire.anthropic import Tool

_VALUES_BY_TYPE: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}
_VALUES_BY_NAME = {
    "file_path": "/tmp/example.txt",  # noqa: S108  # only shown to the model
    "path": "/tmp",  # noqa: S108  # only shown to the model
    "command": "ls -l",
}
_PREFERRED_TOOLS = ("Read", "Bash", "bash", "read_file")


def usage_example(tools: Sequence[Tool], dialect: Dialect) -> str:
    """Return the text that follows the definitions of at least one tool."""
    names = ", ".join(tool.name for tool in tools)
    preferred = (tool for name in _PREFERRED_TOOLS for tool in tools if tool.name == name)
    tool = next(preferred, tools[0])
    call = dialect.write_call(tool.name, _example_arguments(tool))
    return f"The tools are: {names}. Other tools do not exist. A call of {tool.name} is:\n{call}"


def _example_arguments(tool: Tool) -> dict[str, Any]:
    schema = tool.input_schema or {}
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    return {
        name: _example_value(name, properties.get(name)) for name in required if name in properties
    }


def _example_value(name: str, schema: Any) -> Any:
    schema = schema if isinstance(schema, dict) else {}
    allowed = schema.get("enum")
    if isinstance(allowed, list) and allowed:
        return allowed[0]
    kind = schema.get("type")
    if kind == "string":
        return _VALUES_BY_NAME.get(name, "text")
    return _VALUES_BY_TYPE.get(str(kind), "text")
