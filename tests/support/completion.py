"""How Ollama's `/api/chat` becomes llama-server's `/completion`, and its events Ollama's lines."""

import json
from typing import Any

from support.fake_chat_lines import CREATED_AT, go_json

# Ollama's defaults; without a temperature nothing is left to chance. A recorded answer of 0.32.15
# comes out word by word with this `repeat_penalty`, but not with the 1.1 of older ones.
_DEFAULTS: dict[str, Any] = {
    "temperature": 0,
    "top_p": 0.9,
    "min_p": 0.0,
    "repeat_last_n": 64,
    "repeat_penalty": 1.0,
}
_OPTIONS = (
    *_DEFAULTS,
    "top_k",
    "typical_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
)
_END_OF_TURN = "<|im_end|>"
_TOKENS_WITHOUT_LIMIT = 10  # times the window, as Ollama's runner has it for a negative num_predict


def completion_request(body: dict[str, Any], prompt: str, window: int) -> dict[str, Any]:
    """Return the `/completion` request that answers a `/api/chat` body with this prompt.

    `window` is in tokens.
    """
    options = body.get("options") or {}
    limit = int(options.get("num_predict", -1))
    request = {
        "prompt": prompt,
        "stream": True,
        "cache_prompt": True,
        "stop": [_END_OF_TURN, *(options.get("stop") or [])],
        "n_predict": limit if limit > 0 else _TOKENS_WITHOUT_LIMIT * window,
        **_DEFAULTS,
        **{name: options[name] for name in _OPTIONS if name in options},
    }
    wanted = body.get("format")
    if wanted:
        request["json_schema"] = {"type": "object"} if wanted == "json" else wanted
    return request


def read_event(line: str) -> dict[str, Any] | None:
    """Return the event of a line of a server-sent stream; None: it has none."""
    event: dict[str, Any] | None = None
    if line.startswith("data:") and line != "data: [DONE]":
        event = json.loads(line.removeprefix("data:"))
    return event


def chat_line(event: dict[str, Any], model: str) -> str | None:
    """Return Ollama's line for an event of `/completion`; None: Ollama writes none.

    llama-server holds a character back until all its bytes are there, as Ollama does.
    """
    content = event.get("content", "")
    if event.get("stop"):
        return go_json(_line(content, model) | {"done": True} | _counts(event))
    return go_json(_line(content, model) | {"done": False}) if content else None


def _line(content: str, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"model": model, "created_at": CREATED_AT, "message": message}


def _counts(event: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of the last line; like Ollama's, `prompt_eval_count` has cached tokens."""
    timings = event["timings"]
    reading, writing = (int(timings[name] * 1e6) for name in ("prompt_ms", "predicted_ms"))
    return {
        "done_reason": "length" if event.get("stop_type") == "limit" else "stop",
        "total_duration": reading + writing,
        "load_duration": 0,
        "prompt_eval_count": timings["cache_n"] + timings["prompt_n"],
        "prompt_eval_duration": reading,
        "eval_count": timings["predicted_n"],
        "eval_duration": writing,
    }
