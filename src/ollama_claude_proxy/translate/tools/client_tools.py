"""Tools that Anthropic defines and the client runs: they come by type, without a schema.

Claude knows them by heart and a local model does not, so it is told. Their inputs are described in
Anthropic's documentation of the bash, text editor and memory tools.
"""

from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.wire.anthropic import Tool

_Known = tuple[str, dict[str, Any], list[str]]

_TEXT = {"type": "string"}
_LINE = {"type": "integer"}
_RANGE = {"type": "array", "items": {"type": "integer"}, "description": "First and last line."}


def _commands(*names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


_BASH: _Known = (
    "Runs a command in a shell that keeps its state.",
    {
        "command": _TEXT | {"description": "The command to run."},
        "restart": {"type": "boolean", "description": "Start the shell anew."},
    },
    [],
)
_EDITOR: _Known = (
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
_MEMORY: _Known = (
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
_BY_FAMILY: Mapping[str, _Known] = {
    "bash": _BASH,
    "text_editor": _EDITOR,
    "memory": _MEMORY,
}


def described(tool: Tool) -> Tool:
    """Give a tool of a known type (`bash_20250124`) its description and schema; others as is."""
    family = (tool.type or "").rpartition("_")[0]
    known = _BY_FAMILY.get(family)
    if known is None or tool.input_schema is not None:
        return tool
    description, properties, required = known
    schema = {"type": "object", "properties": properties, "required": required}
    return Tool(tool.name, description, schema, defer_loading=tool.defer_loading)
