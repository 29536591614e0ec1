"""Tools that Anthropic defines and the client runs: requests name their type, without a schema.

Claude was trained on them and a local model was not, so it gets a description and a schema. The
inputs are those of Anthropic's documentation of the bash, text editor and memory tools.
"""

from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.wire.anthropic import Tool

_KnownTool = tuple[str, dict[str, Any], list[str]]  # description, properties, required

_TEXT = {"type": "string"}
_LINE = {"type": "integer"}
_RANGE = {"type": "array", "items": {"type": "integer"}, "description": "First and last line."}


def _commands(*names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


_BASH: _KnownTool = (
    "Runs a command in a shell that keeps its state.",
    {
        "command": _TEXT | {"description": "The command to run."},
        "restart": {"type": "boolean", "description": "Start the shell anew."},
    },
    [],
)
_EDITOR: _KnownTool = (
    "Views, creates and edits text files.",
    {
        "command": _commands("view", "create", "str_replace", "insert"),
        "path": _TEXT | {"description": "Absolute path of the file or folder."},
        "file_text": _TEXT | {"description": "The whole text, for `create`."},
        "old_str": _TEXT | {"description": "The text to replace; it must occur once."},
        "new_str": _TEXT | {"description": "The text to put there, or to insert."},
        "insert_line": _LINE | {"description": "The line after which to insert."},
        "view_range": _RANGE,
    },
    ["command", "path"],
)
_MEMORY: _KnownTool = (
    "Views and edits the files of a memory folder at /memories.",
    {
        "command": _commands("view", "create", "str_replace", "insert", "delete", "rename"),
        "path": _TEXT,
        "file_text": _TEXT,
        "old_str": _TEXT,
        "new_str": _TEXT,
        "insert_line": _LINE,
        "insert_text": _TEXT,
        "old_path": _TEXT,
        "new_path": _TEXT,
        "view_range": _RANGE,
    },
    ["command"],
)
_TOOLS_BY_FAMILY: Mapping[str, _KnownTool] = {
    "bash": _BASH,
    "text_editor": _EDITOR,
    "memory": _MEMORY,
}


def with_schema(tool: Tool) -> Tool:
    """Return a tool of a known type (`bash_20250124`) with its schema; any other as it is."""
    family = (tool.type or "").rpartition("_")[0]
    known = _TOOLS_BY_FAMILY.get(family)
    if known is None or tool.input_schema is not None:
        return tool
    description, properties, required = known
    schema = {"type": "object", "properties": properties, "required": required}
    return Tool(tool.name, description, schema, defer_loading=tool.defer_loading)
