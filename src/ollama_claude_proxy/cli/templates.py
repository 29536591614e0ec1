"""What is known of the models' templates and windows, for the commands that print it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ollama_claude_proxy.settings import Settings, cache_path, data_path
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.template_facts_store import TemplateFactsStore
    from ollama_claude_proxy.upstream.upstream import Upstream


def open_template_facts(upstream: "Upstream") -> "TemplateFactsStore":
    """Return the template facts that `ocp serve` uses, with their cache on disk."""
    from ollama_claude_proxy.translate.template_probe import (  # noqa: PLC0415  # 0.1 s
        judge_template,
        template_probes,
    )
    from ollama_claude_proxy.upstream.template_facts_store import TemplateFactsStore  # noqa: PLC0415

    return TemplateFactsStore(upstream, template_probes, judge_template, cache_path())


def load_fitted_windows() -> Mapping[str, str]:
    """Return the windows that `ocp serve` found to fit into this machine, by model digest."""
    from ollama_claude_proxy.engine.idle.vram_fit import FITTING_WINDOW  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.sessions.storage.database import Database  # noqa: PLC0415
    from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts  # noqa: PLC0415

    path = data_path()
    if not path.exists():  # reading must not create it
        return {}
    database = Database(path)
    try:
        return ModelFacts(database).by_model(FITTING_WINDOW)
    finally:
        database.close()


def tool_presentation(
    profile: ModelProfile, facts: TemplateFacts | None, settings: Settings
) -> str:
    """Return who shows the tools to a model: `native` (Ollama), or `text/DIALECT` (ocp)."""
    from ollama_claude_proxy.translate.policy import Policy  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.translate.tools.dialects.choose_dialect import choose_dialect  # noqa: PLC0415
    from ollama_claude_proxy.translate.tools.offer import shown_natively  # noqa: PLC0415

    policy = Policy(window=0, tools=settings.tools_for(profile.name), template_facts=facts)
    return "native" if shown_natively(profile, policy) else f"text/{choose_dialect(profile).name}"
