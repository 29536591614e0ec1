"""Tool calls in the words of a model: what it writes before anybody parses it."""

from collections.abc import Callable
from typing import Any

from support.fake_go import plain
from support.fake_rendering_glm import call_in_keys
from support.fake_rendering_qwen import call_in_xml

Arguments = dict[str, Any]
_TOKEN = 4  # characters: what a token holds on average


def spoken(dialect: str, name: str, arguments: Arguments) -> str:
    """Give a call as the model of a renderer writes it; most write Hermes' JSON in tags."""
    return _DIALECTS.get(dialect, _hermes)(name, arguments)


def separator(dialect: str) -> str:
    """Give what a model writes between two calls."""
    return "" if dialect == "renderer:glm-4.7" else "\n"


def pieces(text: str) -> list[str]:
    """Cut a text into the tokens in which a model writes it."""
    return [text[start : start + _TOKEN] for start in range(0, len(text), _TOKEN)]


def _hermes(name: str, arguments: Arguments) -> str:
    return f"<tool_call>\n{plain({'name': name, 'arguments': arguments})}\n</tool_call>"


def _llama(name: str, arguments: Arguments) -> str:
    return plain({"name": name, "parameters": arguments})


def _fenced(name: str, arguments: Arguments) -> str:
    return f"```json\n{plain({'name': name, 'arguments': arguments})}\n```"


def _xml(name: str, arguments: Arguments) -> str:
    return call_in_xml({"name": name, "arguments": arguments}, _value)


def _keys(name: str, arguments: Arguments) -> str:
    written = {key: _value(value) for key, value in arguments.items()}
    return call_in_keys({"name": name, "arguments": written})


def _value(value: Any) -> str:
    return value if isinstance(value, str) else plain(value)


_DIALECTS: dict[str, Callable[[str, Arguments], str]] = {
    "go-template:llama3.1": _llama,
    "go-template:plain": _fenced,
    "renderer:qwen3-coder": _xml,
    "renderer:qwen3.5": _xml,
    "renderer:qwen3.8": _xml,
    "renderer:nemotron-3-nano": _xml,
    "renderer:glm-4.7": _keys,
}
