"""What Ollama refuses in a `/api/chat` body, and in which words (recorded from 0.32.15)."""

import json
from collections.abc import Callable
from typing import Any

Refusal = tuple[int, str]

_OPTION_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "num_ctx": ("integer", (int, float)),
    "num_predict": ("integer", (int, float)),
    "num_keep": ("integer", (int, float)),
    "temperature": ("float32", (int, float)),
    "top_p": ("float32", (int, float)),
    "top_k": ("integer", (int, float)),
    "stop": ("array", (list,)),
}
_LEVELS = ("high", "medium", "low", "max")


def refusal(
    body: dict[str, Any],
    capabilities: frozenset[str],
    *,
    native: bool,
    count: Callable[[dict[str, Any]], int],
) -> Refusal | None:
    """Give the status and error of a body that Ollama refuses, or None."""
    model = body["model"]
    checks = (
        _shapes(body),
        _tools(body, model, capabilities),
        _think(body, model, capabilities),
        _options(body),
        _images(body, capabilities, native=native),
        _length(body, count),
    )
    return next((check for check in checks if check is not None), None)


def _shapes(body: dict[str, Any]) -> Refusal | None:
    for message in body.get("messages") or []:
        if not isinstance(message.get("content", ""), str):
            return 400, (
                "json: cannot unmarshal array into Go struct field "
                "ChatRequest.messages.content of type string"
            )
        for call in message.get("tool_calls", []):
            if not isinstance(call["function"].get("arguments", {}), dict):
                return 400, "Value looks like object, but can't find closing '}' symbol"
    return None


def _tools(body: dict[str, Any], model: str, capabilities: frozenset[str]) -> Refusal | None:
    tools = body.get("tools")
    if tools and "tools" not in capabilities:
        return 400, f"registry.ollama.ai/library/{model} does not support tools"
    for tool in tools or []:
        parameters = tool["function"].get("parameters", {})
        if not isinstance(parameters.get("type", ""), str):
            return 400, _unreadable("array", "type of type string")
        for schema in parameters.get("properties", {}).values():
            if not isinstance(schema, dict):
                return 400, _unreadable("bool", "properties of type api.ToolProperty")
    return None


def _unreadable(kind: str, where: str) -> str:
    field = f"ToolFunctionParameters.tools.function.parameters.{where}"
    return f"json: cannot unmarshal {kind} into Go struct field {field}"


def _think(body: dict[str, Any], model: str, capabilities: frozenset[str]) -> Refusal | None:
    think = body.get("think")
    if isinstance(think, str) and think not in _LEVELS:
        levels = '(must be "high", "medium", "low", "max", true, or false)'
        return 400, f'invalid think value: "{think}" {levels}'
    if think and "thinking" not in capabilities:
        return 400, f'"{model}" does not support thinking'
    return None


def _options(body: dict[str, Any]) -> Refusal | None:
    for name, value in body.get("options", {}).items():
        kind, types = _OPTION_TYPES.get(name, ("", (object,)))
        if not isinstance(value, types):
            return 500, f'option "{name}" must be of type {kind}'
    return None


def _images(body: dict[str, Any], capabilities: frozenset[str], *, native: bool) -> Refusal | None:
    if "vision" in capabilities or not any(one.get("images") for one in body["messages"]):
        return None
    if native:
        words = (
            "image input is not supported - hint: if this is unexpected, "
            "you may need to provide the mmproj"
        )
        return 500, _nested(500, words, "server_error")
    words = "Multimodal data provided, but model does not support multimodal requests."
    return 400, _nested(400, words, "invalid_request_error")


def _length(body: dict[str, Any], count: Callable[[dict[str, Any]], int]) -> Refusal | None:
    window = body.get("options", {}).get("num_ctx", 4096)
    tokens = count(body)
    if body.get("truncate", True) or tokens < window:
        return None
    words = (
        f"request ({tokens} tokens) exceeds the available context size "
        f"({window} tokens), try increasing it"
    )
    more = {"n_prompt_tokens": tokens, "n_ctx": window}
    return 400, _nested(400, words, "exceed_context_size_error", **more)


def _nested(code: int, message: str, kind: str, **more: Any) -> str:
    error = {"code": code, "message": message, "type": kind, **more}
    return json.dumps({"error": error}, separators=(",", ":"))
