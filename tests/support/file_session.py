"""A session in which a client reads, writes and edits files, in Claude Code's form."""

import json
from typing import Any, Self

FOLDER = "/home/u/shop"
_TEXT = {"type": "string"}
_EDIT = {"old_string": _TEXT, "new_string": _TEXT, "replace_all": {"type": "boolean"}}


def _tool(name: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": f"{name} of files.", "input_schema": schema}


_EDITS = {"type": "array", "items": {"type": "object", "properties": _EDIT}}
_LINES = {"offset": {"type": "integer"}, "limit": {"type": "integer"}}
TOOLS = [
    _tool("Bash", {"command": _TEXT}, "command"),
    _tool("Edit", {"file_path": _TEXT, **_EDIT}, "file_path", "old_string", "new_string"),
    _tool("MultiEdit", {"file_path": _TEXT, "edits": _EDITS}, "file_path", "edits"),
    _tool("Read", {"file_path": _TEXT, **_LINES}, "file_path"),
    _tool("Write", {"file_path": _TEXT, "content": _TEXT}, "file_path", "content"),
]
ENVIRONMENT = f"# Environment\n - Primary working directory: {FOLDER}\n - Platform: linux"


def numbered(text: str, first: int = 1) -> str:
    """Return a text as the client shows it to the model."""
    lines = text.split("\n")
    return "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, first))


def written_call(name: str, **arguments: Any) -> str:
    """Return a call as a model writes it."""
    call = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{call}\n</tool_call>"


class FileSession:
    """Builds the messages of a session; each method adds what the client sends."""

    def __init__(self, request: str = "Mend the shop.") -> None:
        self.messages: list[dict[str, Any]] = [{"role": "user", "content": request}]
        self._calls = 0

    def call(self, name: str, result: Any, *, failed: bool = False, **arguments: Any) -> Self:
        """Add a call and its result."""
        self._calls += 1
        call_id = f"toolu_{self._calls}"
        use = {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
        answer: dict[str, Any] = {"type": "tool_result", "tool_use_id": call_id, "content": result}
        if failed:
            answer["is_error"] = True
        self.messages.append({"role": "assistant", "content": [use]})
        self.messages.append({"role": "user", "content": [answer]})
        return self

    def read(self, path: str, text: str, first: int = 1, **part: Any) -> Self:
        """Add a Read of a file."""
        return self.call("Read", numbered(text, first), file_path=path, **part)

    def edit(self, path: str, old: str, new: str, **more: Any) -> Self:
        """Add an Edit that worked, unless told otherwise."""
        result = f"The file {path} has been updated successfully."
        return self.call("Edit", result, file_path=path, old_string=old, new_string=new, **more)

    def bash(self, command: str) -> Self:
        """Add a command that wrote nothing on the screen."""
        return self.call("Bash", "(Bash completed with no output)", command=command)

    def say(self, text: str) -> Self:
        """Add an answer of the model and a further request."""
        self.messages.append({"role": "assistant", "content": "Done."})
        self.messages.append({"role": "user", "content": text})
        return self
