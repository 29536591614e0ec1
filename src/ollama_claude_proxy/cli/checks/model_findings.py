"""Findings about the models: installed or not, and abilities."""

from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.ollama_status import OllamaStatus
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile

CHOOSE_ANOTHER = "Choose another: `ocp models`."


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
        return failed(f"{profile.name} cannot write text", CHOOSE_ANOTHER)
    optional = {"see images": profile.vision, "think": profile.thinking}
    abilities = ["call tools", *(ability for ability, has_it in optional.items() if has_it)]
    summary = "it can " + " and ".join(abilities)
    if not profile.tools:
        return warning(
            f"{summary}, though it was not made for tools: ocp shows them as text",
            CHOOSE_ANOTHER,
        )
    return ok(summary)
