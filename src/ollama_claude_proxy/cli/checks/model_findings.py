"""Findings about the models: installed or not, abilities, and the size of the window."""

from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.ollama_status import OllamaStatus
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile

# Claude Code's first request has 11,500 to 12,900 tokens (measured with 2.1.330).
_FIRST_REQUEST_TOKENS = 12_900
_ENOUGH_TOKENS = 16_000
_CHOOSE_ANOTHER = "Choose another: `ocp models`."


def main_model_finding(settings: Settings, status: OllamaStatus) -> Finding:
    """Return which model answers."""
    if status.model is None:
        return _not_installed(settings.model)
    if settings.model in status.missing:
        summary = f"{settings.model} is not installed; {status.model.name} is used instead"
        return warning(summary, f"ollama pull {settings.model}")
    return ok(f"{status.model.name} is installed")


def missing_role_models(settings: Settings, status: OllamaStatus) -> list[Finding]:
    """Return a finding for each model of a role that is not installed."""
    return [_not_installed(name) for name in status.missing if name != settings.model]


def _not_installed(model: str) -> Finding:
    return failed(f"{model} is not installed", f"ollama pull {model}")


def abilities_finding(profile: ModelProfile) -> Finding:
    """Return what a model can do; a warning if it was not trained to call tools."""
    if not profile.completion:
        return failed(f"{profile.name} cannot write text", _CHOOSE_ANOTHER)
    optional = {"see images": profile.vision, "think": profile.thinking}
    abilities = ["call tools", *(ability for ability, has_it in optional.items() if has_it)]
    summary = "it can " + " and ".join(abilities)
    if not profile.tools:
        return warning(
            f"{summary}, though it was not made for tools: ocp shows them as text",
            _CHOOSE_ANOTHER,
        )
    return ok(summary)


def window_finding(profile: ModelProfile, settings: Settings) -> Finding:
    """Return the size of the model's window in tokens, and whether Claude Code fits into it."""
    from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s

    tokens = context_window(profile, settings)
    if tokens >= _ENOUGH_TOKENS:
        return ok(f"window {tokens} tokens")
    max_tokens = profile.context_length
    can_grow = max_tokens is None or max_tokens >= _ENOUGH_TOKENS
    remedy = "ocp serve --num-ctx 32768" if can_grow else _CHOOSE_ANOTHER
    if tokens <= _FIRST_REQUEST_TOKENS:
        summary = f"window {tokens} tokens: Claude Code's first request does not fit"
        return failed(summary, remedy)
    return warning(f"window {tokens} tokens: little room is left for Claude Code's work", remedy)
