"""Calls written as Python: `[Read(file_path="/a"), Bash(command="ls")]`."""

import ast
import re
from typing import Any

from ollama_claude_proxy.translate.tools.reading.brackets import end_of_value
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.tags import Read

_NAME = re.compile(r"(?:print\(\s*)?(?:(?:default_api|functions|tools)\.)?([A-Za-z_][\w.\-]*)\(")
_WORDS = {"true": True, "false": False, "null": None, "none": None}
# Python's parser takes nested text apart on the C stack.
_MOST_CHARACTERS = 2_000_000


def pythonic_at(text: str, at: int) -> Read | None:
    """Read one call `f(a=1)`, or `call:f{a:…}` no: only Python's form."""
    opened = _NAME.match(text, at)
    if opened is None:
        return None
    end = end_of_value(text, opened.end() - 1)
    if end is None:
        return None
    call = _call(opened[1], text[opened.end() - 1 : end])
    if call is None:
        return None
    if opened[0].startswith("print"):
        closing = text.find(")", end)
        end = closing + 1 if closing >= 0 else end
    return [call], end


def _call(name: str, arguments: str) -> FoundCall | None:
    if len(arguments) > _MOST_CHARACTERS:
        return None
    try:
        tree = ast.parse(f"f{arguments}", mode="eval").body
        if not isinstance(tree, ast.Call):
            return None
        named = {one.arg: _literal(one.value) for one in tree.keywords if one.arg}
        positional = tuple(_literal(one) for one in tree.args)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return FoundCall(name, named, positional)


def _literal(node: ast.expr) -> Any:
    """Give a literal's value; raises ValueError for what would have to be run."""
    if isinstance(node, ast.Name) and node.id.lower() in _WORDS:
        return _WORDS[node.id.lower()]
    match node:
        case ast.Dict(keys, values):
            return {
                _literal(key): _literal(value)
                for key, value in zip(keys, values, strict=True)
                if key is not None
            }
        case ast.List(elements) | ast.Tuple(elements):
            return [_literal(element) for element in elements]
        case _:
            return ast.literal_eval(node)
