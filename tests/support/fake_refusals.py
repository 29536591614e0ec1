"""Why Ollama refuses a decodable `/api/chat` body, in the words of a real 0.32.15."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from support.fake_models import FakeModel
from support.fake_schema_errors import conversion_error, tool_conversion_error

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
    """A status and an error; `late`: sent by the runner, after the stream was set up."""

    status: int
    error: str
    late: bool = False


def model_name_error(body: dict[str, Any]) -> str | None:
    """Return the error of a body without a valid model name, or None."""
    if not body.get("model"):
        return "model is required"
    return None if _NAME.fullmatch(body["model"]) else "invalid model name"


def find_refusal(
    body: dict[str, Any], model: FakeModel, count: Callable[[dict[str, Any]], int]
) -> Refusal | None:
    """Return why Ollama refuses a body for its model, or None; `count` counts its tokens."""
    return next(_refusals(body, model, count), None)


def context_window(body: dict[str, Any], model: FakeModel) -> int:
    """Return the context window of a request, in tokens."""
    requested = int((body.get("options") or {}).get("num_ctx", _DEFAULT_WINDOW))
    return min(max(requested, 4), model.context_length)


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
        type_name, types = _OPTION_TYPES.get(name, ("", (object,)))
        if not isinstance(value, types) or (types is _NUMBER and isinstance(value, bool)):
            yield Refusal(500, f'option "{name}" must be of type {type_name}')


def _format(body: dict[str, Any], model: FakeModel) -> Iterator[Refusal]:
    requested = body.get("format")
    if requested is None or requested in ("", "json"):
        return
    if not isinstance(requested, dict):
        quoted_format = json.dumps(json.dumps(requested))
        text = f'invalid format: {quoted_format}; expected "json" or a valid JSON Schema object'
        yield Refusal(500, text, late=True)
    elif (reason := conversion_error(requested)) is not None:
        field = "Field 'json_schema': \"json_schema\": JSON schema conversion failed:\n"
        yield _nested(400, (_UNPARSABLE if model.native else field) + reason)


def _native(body: dict[str, Any]) -> Iterator[Refusal]:
    last = body["messages"][-1]
    if last.get("role") == "assistant" and last.get("tool_calls"):
        text = "Cannot continue an assistant message that contains tool calls."
        yield Refusal(400, _nested(400, text).error)  # sent before the stream is set up
    for tool in body.get("tools") or []:
        if (reason := tool_conversion_error(tool)) is not None:
            yield _nested(400, _UNPARSABLE + reason)
    if body.get("tools") and body.get("logprobs") and body.get("stream", True):
        yield _nested(400, "logprobs is not supported with tools + stream")


def _images(body: dict[str, Any], model: FakeModel) -> Iterator[Refusal]:
    if "vision" in model.capabilities or not any(
        message.get("images") for message in body["messages"]
    ):
        return
    if model.native:
        text = "image input is not supported - hint: if this is unexpected, "
        yield _nested(500, text + "you may need to provide the mmproj", "server_error")
    text = "Multimodal data provided, but model does not support multimodal requests."
    yield _nested(400, text)


def _length(
    body: dict[str, Any], model: FakeModel, count: Callable[[dict[str, Any]], int]
) -> Iterator[Refusal]:
    """Refuse a prompt that Ollama would not truncate; it has to leave one token of the window."""
    window, tokens = context_window(body, model), count(body)
    would_truncate = body.get("truncate", True) and not (
        model.native and len(body["messages"]) == 1
    )
    if would_truncate or tokens < window:
        return
    text = f"request ({tokens} tokens) exceeds the available context size ({window} tokens)"
    counts = {"n_prompt_tokens": tokens, "n_ctx": window}
    yield _nested(400, f"{text}, try increasing it", "exceed_context_size_error", **counts)


def _nested(
    code: int, text: str, type_name: str = "invalid_request_error", **fields: Any
) -> Refusal:
    """Return an error of llama-server: its JSON body, as a string within Ollama's."""
    error = {"code": code, "message": text, "type": type_name, **fields}
    return Refusal(code, json.dumps({"error": error}, separators=(",", ":")), late=True)
