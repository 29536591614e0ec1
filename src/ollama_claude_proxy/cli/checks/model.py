"""Judging a model: what it can do, and whether its window is enough."""

from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile

# Claude Code's first request has 11,500 to 12,900 tokens (measured with 2.1.330).
_FIRST_REQUEST = 12_900
_ENOUGH = 16_000
_CHOOSE = "Choose another: `ocp models`."


def absent(model: str) -> Finding:
    """Say that a model which must answer is not installed."""
    return bad(f"{model} is not installed", f"ollama pull {model}")


def abilities(profile: ModelProfile) -> Finding:
    """Say what a model can do; one that was made for tools is better at them."""
    if not profile.completion:
        return bad(f"{profile.name} writes no text", _CHOOSE)
    more = {"see images": profile.vision, "think": profile.thinking}
    able = ["call tools", *(words for words, can in more.items() if can)]
    found = "it can " + " and ".join(able)
    if not profile.tools:
        return warning(
            f"{found}, though it was not made for tools: ocp shows them as text", _CHOOSE
        )
    return good(found)


def window_size(profile: ModelProfile, settings: Settings) -> Finding:
    """Say how many tokens the model has before it, and whether Claude Code fits in."""
    from ollama_claude_proxy.upstream.catalog import window  # noqa: PLC0415  # 0.1 s

    tokens = window(profile, settings)
    if tokens >= _ENOUGH:
        return good(f"window {tokens} tokens")
    most = profile.context_length
    larger = most is None or most >= _ENOUGH
    remedy = "ocp serve --num-ctx 32768" if larger else _CHOOSE
    if tokens <= _FIRST_REQUEST:
        words = f"window {tokens} tokens: Claude Code's first request does not fit"
        return bad(words, remedy)
    return warning(f"window {tokens} tokens: little is left for Claude Code's work", remedy)
