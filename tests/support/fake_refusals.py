"""What Ollama refuses of a readable `/api/chat` body, in the words of a real 0.32.15."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from support.fake_models import FakeModel
from support.fake_schemas import unconvertible, unconvertible_tool

_NUMBER = (int, float)
_OPTION_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "num_ctx": ("integer", _NUMBER),
    "num_predict": ("integer", _NUMBER),
    "num_keep": ("integer", _NUMBER),
    "seed": ("integer", _NUMBER),
    "top_k": ("integer", _NUMBER),
    "temperature": ("float32", _NUMBER),
    "top_p": ("float32", _NUMBER),
    "min_p": ("float32", _NUMBER),
    "repeat_penalty": ("float32", _NUMBER),
    "stop": ("array", (list,)),
}
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)*(:[\w.-]+)?", re.ASCII)
_UNPARSABLE = "Unable to generate parser for this template. Automatic parser generation failed: "
# The tier of a machine with less than 23 GiB of GPU memory.
_DEFAULT_WINDOW = 4096


@dataclass(frozen=True)
class Refusal:
    """A status and an error; `late`: said by the runner, after the stream had been set up."""

    status: int
    error: str
    late: bool = False


def misnamed(body: dict[str, Any]) -> str | None:
    """Give the error of a body that names no model, or none that could be."""
    if not body.get("model"):
        return "model is required"
    return None if _NAME.fullmatch(body["model"]) else "invalid model name"


def refusal(
    body: dict[str, Any], model: FakeModel, count: Callable[[dict[str, Any]], int]
) -> Refusal | None:
    """Give why Ollama refuses a body for its model, or None; `count` counts its tokens."""
    return next(_refusals(body, model, count), None)


def window_of(body: dict[str, Any], model: FakeModel) -> int:
    """Give the window that a request gets, in tokens."""
    wished = int((body.get("options") or {}).get("num_ctx", _DEFAULT_WINDOW))
    return min(max(wished, 4), model.context_length)


def _refusals(
    body: dict[str, Any], model: FakeModel, count: Callable[[dict[str, Any]], int]
) -> Iterator[Refusal]:
    yield from _capabilities(body, model)
    yield from _options(body)
    if not body.get("messages"):
        return
    yield from _format(body, model)
    yield from _images(body, model)
    if model.native:
        yield from _native(body)
    yield from _length(body, model, count)


def _capabilities(body: dict[str, Any], model: FakeModel) -> Iterator[Refusal]:
    name = body["model"]
    if not 0 <= (body.get("top_logprobs") or 0) <= 20:
        yield Refusal(400, "top_logprobs must be between 0 and 20")
    if body.get("tools") and "tools" not in model.capabilities:
        yield Refusal(400, f"registry.ollama.ai/library/{name} does not support tools")
    if body.get("think") and "thinking" not in model.capabilities:
        yield Refusal(400, f'"{name}" does not support thinking')


def _options(body: dict[str, Any]) -> Iterator[Refusal]:
    for name, value in (body.get("options") or {}).items():
        kind, types = _OPTION_TYPES.get(name, ("", (object,)))
        if not isinstance(value, types) or (types is _NUMBER and isinstance(value, bool)):
            yield Refusal(500, f'option "{name}" must be of type {kind}')


def _format(body: dict[str, Any], model: FakeModel) -> Iterator[Refusal]:
    wished = body.get("format")
    if wished is None or wished in ("", "json"):
        return
    if not isinstance(wished, dict):
        shown = json.dumps(json.dumps(wished))
        words = f'invalid format: {shown}; expected "json" or a valid JSON Schema object'
        yield Refusal(500, words, late=True)
    elif (why := unconvertible(wished)) is not None:
        field = "Field 'json_schema': \"json_schema\": JSON schema conversion failed:\n"
        yield _nested(400, (_UNPARSABLE if model.native else field) + why)


def _native(body: dict[str, Any]) -> Iterator[Refusal]:
    last = body["messages"][-1]
    if last.get("role") == "assistant" and last.get("tool_calls"):
        words = "Cannot continue an assistant message that contains tool calls."
        yield Refusal(400, _nested(400, words).error)  # said before the stream is set up
    for tool in body.get("tools") or []:
        if (why := unconvertible_tool(tool)) is not None:
            yield _nested(400, _UNPARSABLE + why)
    if body.get("tools") and body.get("logprobs") and body.get("stream", True):
        yield _nested(400, "logprobs is not supported with tools + stream")


def _images(body: dict[str, Any], model: FakeModel) -> Iterator[Refusal]:
    if "vision" in model.capabilities or not any(one.get("images") for one in body["messages"]):
        return
    if model.native:
        words = "image input is not supported - hint: if this is unexpected, "
        yield _nested(500, words + "you may need to provide the mmproj", "server_error")
    words = "Multimodal data provided, but model does not support multimodal requests."
    yield _nested(400, words)


def _length(
    body: dict[str, Any], model: FakeModel, count: Callable[[dict[str, Any]], int]
) -> Iterator[Refusal]:
    """Refuse what is too long where Ollama would not cut it: a prompt has to leave one token."""
    window, tokens = window_of(body, model), count(body)
    cut = body.get("truncate", True) and not (model.native and len(body["messages"]) == 1)
    if cut or tokens < window:
        return
    words = f"request ({tokens} tokens) exceeds the available context size ({window} tokens)"
    more = {"n_prompt_tokens": tokens, "n_ctx": window}
    yield _nested(400, f"{words}, try increasing it", "exceed_context_size_error", **more)


def _nested(code: int, message: str, kind: str = "invalid_request_error", **more: Any) -> Refusal:
    """Give an error of llama-server: its JSON body, as a string within Ollama's."""
    error = {"code": code, "message": message, "type": kind, **more}
    return Refusal(code, json.dumps({"error": error}, separators=(",", ":")), late=True)
