"""Tool calls as models write them, before they are parsed."""

from collections.abc import Callable
from typing import Any

from support.fake_rendering_glm import call_in_keys
from support.fake_rendering_qwen import call_in_xml
from support.go_values import plain_json

Arguments = dict[str, Any]
_TOKEN_CHARS = 4  # of an average token


def format_call(dialect: str, name: str, arguments: Arguments) -> str:
    """Return a call as the model of a renderer writes it; most write Hermes' JSON in tags."""
    return _FORMATS.get(dialect, _hermes)(name, arguments)


def call_separator(dialect: str) -> str:
    """Return the text between two calls of a model."""
    return "" if dialect == "renderer:glm-4.7" else "\n"


def split_tokens(text: str) -> list[str]:
    """Split a text into tokens."""
    return [text[start : start + _TOKEN_CHARS] for start in range(0, len(text), _TOKEN_CHARS)]


def _hermes(name: str, arguments: Arguments) -> str:
    return f"<tool_call>\n{plain_json({'name': name, 'arguments': arguments})}\n</tool_call>"


def _llama(name: str, arguments: Arguments) -> str:
    return plain_json({"name": name, "parameters": arguments})


def _fenced(name: str, arguments: Arguments) -> str:
    return f"```json\n{plain_json({'name': name, 'arguments': arguments})}\n```"


def _xml(name: str, arguments: Arguments) -> str:
    return call_in_xml({"name": name, "arguments": arguments}, _value)


def _keys(name: str, arguments: Arguments) -> str:
    values = {key: _value(value) for key, value in arguments.items()}
    return call_in_keys({"name": name, "arguments": values})


def _value(value: Any) -> str:
    return value if isinstance(value, str) else plain_json(value)


_FORMATS: dict[str, Callable[[str, Arguments], str]] = {
    "go-template:llama3.1": _llama,
    "go-template:plain": _fenced,
    "renderer:qwen3-coder": _xml,
    "renderer:qwen3.5": _xml,
    "renderer:qwen3.8": _xml,
    "renderer:nemotron-3-nano": _xml,
    "renderer:glm-4.7": _keys,
}
