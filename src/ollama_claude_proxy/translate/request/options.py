"""How many tokens the answer may have, and whether the model thinks.

The prompt's beginning is kept (`num_keep` in Ollama), so that a context shift never drops the
instructions. Sampling is changed only if the client asks: the model's own settings are what its
makers recommend.
"""

from ollama_claude_proxy.wire.anthropic import MessagesRequest
from ollama_claude_proxy.wire.model import ModelProfile

# If the estimate leaves less room than this, it may be too high; Ollama counts exactly.
_MIN_REPLY_TOKENS = 1024
# The estimate of the prompt is within about a seventh of the truth.
_KEEP_MARGIN = 1.15
_THINKING_LEVELS = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}


def max_reply_tokens(request: MessagesRequest, window: int, prompt_tokens: int) -> int:
    """Return how many tokens the answer may have: as asked for, but within the window."""
    room = max(window - prompt_tokens, min(_MIN_REPLY_TOKENS, window // 2))
    return room if request.max_tokens is None else min(request.max_tokens, room)


def kept_tokens(window: int, prompt_tokens: int) -> int:
    """Return how many tokens of the prompt's beginning no context shift may drop: all of them."""
    return min(int(prompt_tokens * _KEEP_MARGIN), window - 1)


def wants_thinking(request: MessagesRequest) -> bool:
    """Whether the client asked for thinking; Anthropic's default is not to think."""
    return request.thinking is not None and request.thinking.type != "disabled"


def thinking_level(request: MessagesRequest, profile: ModelProfile) -> bool | str | None:
    """Return whether, or how much, the model should think; None if it cannot.

    An absent `think` means true to Ollama, so it is always sent to a model that can think. gpt-oss
    takes a level and cannot be switched off: without thinking it gets the lowest.
    """
    if not profile.thinking:
        return None
    is_wanted = wants_thinking(request)
    if not profile.has_thinking_levels:
        return is_wanted
    if not is_wanted:
        return "low"
    effort = request.output_config.effort if request.output_config else None
    return _THINKING_LEVELS.get(effort or "medium", "medium")
