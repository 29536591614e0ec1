"""Calls written as Python: `[Read(file_path="/a"), Bash(command="ls")]`."""

import ast
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.bracket_scanner import find_value_end
from ollama_claude_proxy.translate.tools.reading.found_call import CallsAndEnd, FoundCall

_CALL_START = re.compile(
    r"(?:print\(\s*)?(?:(?:default_api|functions|tools)\.)?([A-Za-z_][\w.\-]*)\("
)
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_DASHED_NAME = re.compile(r"([(,]\s*)-([A-Za-z]\w*\s*=)")
_DASH = "DASH__"
_LITERALS = {"true": True, "false": False, "null": None, "none": None}
# Python's parser recurses on the C stack.
_MAX_CHARS = 2_000_000


def read_pythonic_call(text: str, at: int) -> CallsAndEnd | None:
    """Read one call `f(a=1)` at `at`, also inside `print()`."""
    start = _CALL_START.match(text, at)
    if start is None:
        return None
    bracket = start.end() - 1
    end = find_value_end(text, bracket)
    if end is None:
        return None
    call = _parse_call(start[1], text[bracket:end])
    if call is None:
        return None
    if start[0].startswith("print"):
        closing = text.find(")", end)
        end = closing + 1 if closing >= 0 else end
    return [call], end


def _parse_call(name: str, arguments: str) -> FoundCall | None:
    """Return the call of a name with arguments in parentheses."""
    if len(arguments) > _MAX_CHARS:
        return None
    try:
        tree = _parse_python(arguments)
        if not isinstance(tree, ast.Call):
            return None
        named = {
            keyword.arg.replace(_DASH, "-"): _evaluate_literal(keyword.value)
            for keyword in tree.keywords
            if keyword.arg
        }
        positional = tuple(_evaluate_literal(argument) for argument in tree.args)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return FoundCall(name, named, positional)


def _parse_python(arguments: str) -> ast.expr:
    """Parse arguments in parentheses, also with line breaks in strings and names like `-n`."""
    arguments = _DASHED_NAME.sub(rf"\1{_DASH}\2", arguments)
    try:
        return ast.parse(f"f{arguments}", mode="eval").body
    except SyntaxError:
        return ast.parse(f"f{_STRING.sub(_escape_lines, arguments)}", mode="eval").body


def _escape_lines(string: re.Match[str]) -> str:
    return string[0].replace("\r\n", "\\n").replace("\n", "\\n")


def _evaluate_literal(node: ast.expr) -> Any:
    """Return a literal's value; raise ValueError for what would have to be run."""
    if isinstance(node, ast.Name) and node.id.lower() in _LITERALS:
        return _LITERALS[node.id.lower()]
    match node:
        case ast.Dict(keys, values):
            return {
                _evaluate_literal(key): _evaluate_literal(value)
                for key, value in zip(keys, values, strict=True)
                if key is not None
            }
        case ast.List(elements) | ast.Tuple(elements) | ast.Set(elements):
            return [_evaluate_literal(element) for element in elements]
        case _:
            return ast.literal_eval(node)
