"""One sentence that names the tools, and one example of a call.

Small models that were told the format write it more often after having seen it once: of 30 tasks,
24 calls that ran and not 21 (Qwen2.5-Coder-1.5B).
"""

from collections.abc import Sequence
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect
from ollama_claude_proxy.wire.anthropic import Tool

_BY_TYPE: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
}
_BY_NAME = {"file_path": "/tmp/example.txt", "path": "/tmp", "command": "ls -l"}  # noqa: S108  # shown
_BEST = ("Read", "Bash", "bash", "read_file")


def closing_words(tools: Sequence[Tool], dialect: Dialect) -> str:
    """Give what stands behind the definitions."""
    names = ", ".join(tool.name for tool in tools)
    tool = next((tool for best in _BEST for tool in tools if tool.name == best), tools[0])
    call = dialect.call(tool.name, _arguments(tool))
    return f"The tools are: {names}. Other tools do not exist. A call of {tool.name} is:\n{call}"


def _arguments(tool: Tool) -> dict[str, Any]:
    schema = tool.input_schema or {}
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    return {name: _value(name, properties.get(name)) for name in required if name in properties}


def _value(name: str, about: Any) -> Any:
    about = about if isinstance(about, dict) else {}
    allowed = about.get("enum")
    if isinstance(allowed, list) and allowed:
        return allowed[0]
    kind = about.get("type")
    return _BY_NAME.get(name, "text") if kind == "string" else _BY_TYPE.get(str(kind), "text")
