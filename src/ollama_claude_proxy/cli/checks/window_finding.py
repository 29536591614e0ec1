"""The finding about the window: whether what Claude Code begins with leaves room for its work.

What it begins with (instructions, tools, the first request) stands in every prompt. What a window
has beyond that is what files, commands and answers share.
"""

from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.checks.model_findings import CHOOSE_ANOTHER
from ollama_claude_proxy.cli.claude_code import is_lean_in
from ollama_claude_proxy.cli.proxy import RunningProxy
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile

# What Claude Code 2.1.330 begins with, and without the tools that `lean` leaves out (measured).
_FIRST_PROMPT_TOKENS, _LEAN_FIRST_PROMPT_TOKENS = 11_500, 3_200
# From here on a session that reads one file after another is shown 1,600 characters of each, and is
# cut in every sixth request or more rarely (measured in windows from 13,000 to 49,000 tokens).
_WORK_TOKENS = 11_000
# Less is not enough for any answer.
_ANSWER_TOKENS = 1024
_USUAL_WINDOW = 32_768


def window_finding(
    profile: ModelProfile, settings: Settings, running: RunningProxy | None = None
) -> Finding:
    """Return the size of the model's window in tokens, and whether Claude Code can work in it."""
    from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s

    tokens = context_window(profile, settings)
    lean = is_lean_in(tokens, settings)
    if running is not None and running.first_prompt_tokens is not None:
        first_prompt = running.first_prompt_tokens
        begins = f"the last session began with {first_prompt}"
    else:
        first_prompt = _LEAN_FIRST_PROMPT_TOKENS if lean else _FIRST_PROMPT_TOKENS
        begins = f"Claude Code begins with about {first_prompt}"
    useful = first_prompt + _WORK_TOKENS
    summary = f"window {tokens} tokens; {begins}, so {useful} is the smallest useful window"
    if tokens >= useful:
        return ok(summary)
    remedy = _remedy(profile, useful, lean=lean)
    if tokens < first_prompt + _ANSWER_TOKENS:
        return failed(f"{summary}; this one leaves no room for an answer", remedy)
    return warning(f"{summary}; in this one little of each file is shown", remedy)


def _remedy(profile: ModelProfile, useful: int, *, lean: bool) -> str:
    """Return how to get more room: a larger window, another model, or fewer tools."""
    largest = profile.context_length
    if largest is None or largest >= useful:
        wanted = max(useful, min(largest or _USUAL_WINDOW, _USUAL_WINDOW))
        remedy = f"ocp serve --num-ctx {wanted}"
    else:
        remedy = f"Its window cannot be so large. {CHOOSE_ANOTHER}"
    return remedy if lean else f"{remedy}; or fewer tools: ocp claude --lean"
