"""The check of what `ocp try` found of the model."""

from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, ok, warning
from ollama_claude_proxy.cli.trial_results import TrialResults

_ENOUGH = 0.6  # of the jobs
_CHOOSE_BETTER = "Try what else you have: `ocp try --all`."


def check_trial(context: CheckContext) -> list[Finding]:
    """Tell how many jobs the model did when it was tried; nothing is tried here."""
    model = context.model
    result = TrialResults().of(model)
    if result is None:
        return [ok(f"not tried yet; to see what it can really do: `ocp try {model.name}`")]
    summary = f"{result.score} jobs done: {result.verdict}"
    if result.summary.share < _ENOUGH:
        return [warning(summary, _CHOOSE_BETTER)]
    return [ok(summary)]
