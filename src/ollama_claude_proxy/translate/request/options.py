"""Sampling, window and thinking, as Ollama takes them.

`num_ctx` goes with every call and is the same for a model every time: a change reloads the model
and loses every cache, and Ollama's own default is 4,096 tokens on most machines. `num_keep` covers
the prompt, so that a context shift never eats the instructions. Nothing is sent that the client
did not ask for: the Modelfile's own sampling is what the model's makers recommend.
"""

from typing import Any

from ollama_claude_proxy.wire.anthropic import MessagesRequest
from ollama_claude_proxy.wire.model import ModelProfile

# Where the estimate leaves less room than this, it may simply be too high; Ollama counts exactly.
_LEAST_REPLY_TOKENS = 1024
# The estimate of the prompt is within about a seventh of the truth.
_KEEP_MARGIN = 1.15
_LEVELS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}


def options(
    request: MessagesRequest, *, window: int, prompt_tokens: int, leaves_window: bool = False
) -> dict[str, Any]:
    """Give Ollama's `options`, without `num_ctx` where Ollama's own window is left alone."""
    left = max(window - prompt_tokens, min(_LEAST_REPLY_TOKENS, window // 2))
    wanted = request.max_tokens if request.max_tokens is not None else left
    given: dict[str, Any] = {
        "num_ctx": None if leaves_window else window,
        "num_predict": min(wanted, left),
        "num_keep": min(int(prompt_tokens * _KEEP_MARGIN), window - 1),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
    }
    return {name: value for name, value in given.items() if value is not None}


def wants_thinking(request: MessagesRequest) -> bool:
    """Whether the client asked for thinking; Anthropic's default is not to think."""
    return request.thinking is not None and request.thinking.type != "disabled"


def think(request: MessagesRequest, profile: ModelProfile) -> bool | str | None:
    """Give Ollama's `think`, or None where the model cannot think.

    An absent `think` means true to Ollama, so a model that can think is always told. gpt-oss takes
    a level and cannot be switched off: it is given the lowest.
    """
    if not profile.thinking:
        return None
    wanted = wants_thinking(request)
    if not profile.thinking_levels:
        return wanted
    if not wanted:
        return "low"
    effort = request.output_config.effort if request.output_config else None
    return _LEVELS.get(effort or "medium", "medium")
