"""A made-up project: its tools answer from memory, and nothing is run or written."""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.trial.edit import EditRefused, apply_edit
from ollama_claude_proxy.trial.job import MadeUpProject
from ollama_claude_proxy.trial.judge import Call
from ollama_claude_proxy.trial.shell_words import shell_words

# Calls of these change nothing, so that a model may look around.
LOOKING_TOOLS = frozenset({"Read", "Glob", "Grep"})


class ToolResult(Struct, frozen=True):
    """What the client would send back."""

    text: str
    is_error: bool = False


class SimulatedProject:
    """The files of a project while a model works on it."""

    def __init__(self, made_up: MadeUpProject) -> None:
        self.files = dict(made_up.files)
        self._commands = made_up.commands
        self._tools: Mapping[str, Callable[[Mapping[str, Any]], ToolResult]] = {
            "Read": self._read,
            "Glob": self._glob,
            "Grep": self._grep,
            "Write": self._write,
            "Edit": self._edit,
            "Bash": self._bash,
            "TodoWrite": lambda _: ToolResult("Todos have been modified successfully."),
            "WebFetch": lambda _: ToolResult("The page is empty."),
        }

    def run(self, call: Call) -> ToolResult:
        """Return the result of a call; a tool that does not exist is an error."""
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(f"Error: No such tool available: {call.name}", is_error=True)
        return tool(call.arguments)

    def _read(self, arguments: Mapping[str, Any]) -> ToolResult:
        text = self.files.get(str(arguments.get("file_path")))
        if text is None:
            return ToolResult("File does not exist.", is_error=True)
        first = _whole_number(arguments.get("offset"), 1)
        lines = text.splitlines()[first - 1 :][: _whole_number(arguments.get("limit"), 2000)]
        return ToolResult("\n".join(f"{n:>6}→{line}" for n, line in enumerate(lines, first)))

    def _glob(self, arguments: Mapping[str, Any]) -> ToolResult:
        pattern = str(arguments.get("pattern", "")).rpartition("/")[2]
        found = [path for path in self._paths(arguments) if fnmatchcase(_name(path), pattern)]
        return ToolResult("\n".join(found) or "No files found")

    def _grep(self, arguments: Mapping[str, Any]) -> ToolResult:
        try:
            flags = re.IGNORECASE if arguments.get("-i") is True else 0
            pattern = re.compile(str(arguments.get("pattern", "")), flags)
        except re.error as error:
            return ToolResult(f"The regular expression is not valid: {error}", is_error=True)
        hits = [
            f"{path}:{number}:{line}"
            for path in self._paths(arguments)
            for number, line in enumerate(self.files[path].splitlines(), 1)
            if pattern.search(line)
        ]
        return ToolResult("\n".join(hits) or "No matches found")

    def _paths(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the paths of the files at or under the argument `path`."""
        top = str(arguments.get("path") or "").removeprefix("./").rstrip("/.")
        if not top.startswith("/"):
            return [path for path in sorted(self.files) if f"/{top}" in path]
        return [path for path in sorted(self.files) if path == top or path.startswith(f"{top}/")]

    def _write(self, arguments: Mapping[str, Any]) -> ToolResult:
        path = str(arguments.get("file_path"))
        self.files[path] = str(arguments.get("content", ""))
        return ToolResult(f"The file {path} has been written.")

    def _edit(self, arguments: Mapping[str, Any]) -> ToolResult:
        path = str(arguments.get("file_path"))
        if path not in self.files:
            return ToolResult("File does not exist.", is_error=True)
        result = apply_edit(self.files[path], arguments)
        if isinstance(result, EditRefused):
            return ToolResult(f"Error: {result.why}.", is_error=True)
        self.files[path] = result
        return ToolResult(f"The file {path} has been updated.")

    def _bash(self, arguments: Mapping[str, Any]) -> ToolResult:
        words = shell_words(str(arguments.get("command", "")))
        for command, printed in self._commands.items():
            if words is not None and shell_words(command) == words:
                return ToolResult(printed)
        return ToolResult("bash: command not found", is_error=True)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _whole_number(value: Any, default: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return int(value) if is_number else default
