"""What is known of the models' templates, for whoever shows it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ollama_claude_proxy.settings import Settings, cache_path, data_path
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.ollama.client import Ollama
    from ollama_claude_proxy.upstream.ollama.template_facts import Calibration


def calibration(ollama: "Ollama") -> "Calibration":
    """Give the calibration that `ocp serve` uses, with what it has kept."""
    from ollama_claude_proxy.translate.template_probe import (  # noqa: PLC0415  # 0.1 s
        facts_of,
        sentinels,
    )
    from ollama_claude_proxy.upstream.ollama.template_facts import Calibration  # noqa: PLC0415

    return Calibration(ollama, sentinels, facts_of, cache_path())


def fitted_windows() -> Mapping[str, str]:
    """Give the windows that `ocp serve` found to fit into this machine, by a model's digest."""
    from ollama_claude_proxy.engine.idle.vram_fit import WINDOW  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.sessions.storage.database import Database  # noqa: PLC0415
    from ollama_claude_proxy.sessions.storage.store import Store  # noqa: PLC0415

    path = data_path()
    if not path.exists():  # a look must not make one
        return {}
    database = Database(path)
    try:
        return Store(database).facts(WINDOW)
    finally:
        database.close()


def shown(profile: ModelProfile, facts: TemplateFacts | None, settings: Settings) -> str:
    """Say who shows tools to a model: `native` (Ollama), or `text/DIALECT` (ocp)."""
    from ollama_claude_proxy.translate.policy import Policy  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.translate.tools.dialects.recognise import dialect_of  # noqa: PLC0415
    from ollama_claude_proxy.translate.tools.offer import shown_natively  # noqa: PLC0415

    policy = Policy(window=0, tools=settings.tools_for(profile.name), facts=facts)
    return "native" if shown_natively(profile, policy) else f"text/{dialect_of(profile).name}"
