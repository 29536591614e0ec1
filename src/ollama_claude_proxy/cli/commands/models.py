"""`ocp models`: the installed models, what each can do, and which are recommended."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.gpu import format_placement
from ollama_claude_proxy.cli.options import ConfigOption, JsonOption, OllamaUrlOption
from ollama_claude_proxy.cli.recommended import RECOMMENDED, RecommendedModel
from ollama_claude_proxy.cli.templates import (
    load_fitted_windows,
    open_template_facts,
    tool_presentation,
)
from ollama_claude_proxy.cli.trial_results import TrialResults
from ollama_claude_proxy.cli.units import format_bytes
from ollama_claude_proxy.errors import ModelNotInstalled, OllamaUnreachable
from ollama_claude_proxy.settings import Settings, load_settings
from ollama_claude_proxy.wire.model import LoadedModel, ModelProfile, TemplateFacts, alias

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.catalog import Catalog

_TIMEOUT = 20.0  # seconds; there is one request for each model
_COLUMNS = (
    "model",
    "size",
    "kind",
    "context",
    "tools",
    "vision",
    "thinks",
    "loaded",
    "role",
    "tried",
)


@dataclass(frozen=True)
class Inventory:
    """The installed models, the loaded ones by digest, and roles and template facts by name.

    `trials` has what `ocp try` found.
    """

    models: Sequence[ModelProfile]
    loaded: Mapping[str, LoadedModel]
    roles: Mapping[str, Sequence[str]]
    template_facts: Mapping[str, TemplateFacts | None]
    trials: TrialResults


def command(
    *,
    as_json: JsonOption = False,
    ollama_url: OllamaUrlOption = None,
    config: ConfigOption = None,
) -> None:
    """List the models in Ollama and the recommended ones.

    The kind is the family, the number of parameters and the quantization; loaded is where in memory
    the model is now. The role main is everything that no other role covers. Tried is how many jobs
    of `ocp try` it did.

    Examples:
      ocp models
      ocp models --json --ollama-url http://192.168.1.20:11434

    Keys of --json:
      models       name, alias, size (bytes), family, parameter_size, quantization,
                   context_length and window (tokens), tools, vision, thinking, cloud,
                   shows_tools (native, or text/DIALECT: ocp does), template (what it does with
                   tools and turns; null: not tested yet, `ocp doctor` tests it),
                   roles, loaded (null, or size, size_vram, context_length, place),
                   tried (null, or done, jobs, verdict, tokens_per_second, window, at: seconds
                   since 1970)
      recommended  name, purpose, memory_gb, download, pull, installed
    """
    settings = load_settings({"ollama_url": ollama_url}, config).settings
    inventory = asyncio.run(_read_inventory(settings))
    if as_json:
        output.print_json(_json_report(inventory, settings))
    else:
        _print_tables(inventory)


async def _read_inventory(settings: Settings) -> Inventory:
    from ollama_claude_proxy.upstream.catalog import Catalog  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415

    try:
        async with asyncio.timeout(_TIMEOUT), open_upstream(settings) as upstream:
            catalog = Catalog(upstream, settings, load_fitted_windows())
            models = await catalog.installed()
            loaded = {model.digest: model for model in await upstream.loaded()}
            known = open_template_facts(upstream).known
            facts = {model.name: await known(model) for model in models}
            roles = await _read_roles(catalog, settings)
            return Inventory(models, loaded, roles, facts, TrialResults())
    except TimeoutError:
        raise OllamaUnreachable(settings.ollama_url, "it took too long") from None


async def _read_roles(catalog: "Catalog", settings: Settings) -> dict[str, list[str]]:
    """Return the roles by model name; `main` is everything that no other role covers."""
    roles: dict[str, list[str]] = {}
    with suppress(ModelNotInstalled):
        roles[(await catalog.default_model()).name] = ["main"]
    for role in ("opus", "sonnet", "haiku", "subagent"):
        name = getattr(settings.roles, role)
        if name:
            with suppress(ModelNotInstalled):
                roles.setdefault((await catalog.profile(name)).name, []).append(role)
    return roles


def _print_tables(inventory: Inventory) -> None:
    if inventory.models:
        output.print_table(_COLUMNS, (_model_row(model, inventory) for model in inventory.models))
    else:
        output.print_result("Ollama has no models yet.")
    output.print_result(
        "\nRecommended (agent: for Claude Code; memory: for the model and its window):"
    )
    output.print_table(
        ("memory", "for", "command", "download", "installed"),
        (_recommended_row(model, inventory) for model in RECOMMENDED),
    )


def _model_row(model: ModelProfile, inventory: Inventory) -> list[str]:
    loaded = inventory.loaded.get(model.digest)
    trial = inventory.trials.of(model)
    return [
        model.name,
        "cloud" if model.cloud else format_bytes(model.size),
        " ".join(filter(None, (model.family, model.parameter_size, model.quantization))) or "-",
        str(model.context_length or "-"),
        *(_check_mark(can) for can in (model.tools, model.vision, model.thinking)),
        "-" if loaded is None else f"{format_placement(loaded)} {format_bytes(loaded.size)}",
        ", ".join(inventory.roles.get(model.name, ())) or "-",
        "-" if trial is None else trial.score,
    ]


def _recommended_row(model: RecommendedModel, inventory: Inventory) -> list[str]:
    return [
        f"{model.memory_gb} GB",
        model.purpose,
        model.pull_command,
        model.download_size,
        _check_mark(_is_installed(inventory, model.name)),
    ]


def _check_mark(value: bool) -> str:
    return output.Mark.OK.sign(sys.stdout) if value else ""


def _is_installed(inventory: Inventory, name: str) -> bool:
    names = {model.name.removesuffix(":latest") for model in inventory.models}
    return name.removesuffix(":latest") in names


def _json_report(inventory: Inventory, settings: Settings) -> dict[str, Any]:
    return {
        "models": [_model_json(model, inventory, settings) for model in inventory.models],
        "recommended": [
            {
                "name": model.name,
                "purpose": model.purpose,
                "memory_gb": model.memory_gb,
                "download": model.download_size,
                "pull": model.pull_command,
                "installed": _is_installed(inventory, model.name),
            }
            for model in RECOMMENDED
        ],
    }


def _model_json(model: ModelProfile, inventory: Inventory, settings: Settings) -> dict[str, Any]:
    from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s

    loaded = inventory.loaded.get(model.digest)
    facts = inventory.template_facts[model.name]
    trial = inventory.trials.of(model)
    return {
        "name": model.name,
        "alias": alias(model.name),
        "size": model.size,
        "family": model.family,
        "parameter_size": model.parameter_size,
        "quantization": model.quantization,
        "context_length": model.context_length,
        "window": context_window(model, settings),
        "tools": model.tools,
        "vision": model.vision,
        "thinking": model.thinking,
        "cloud": model.cloud,
        "shows_tools": tool_presentation(model, facts, settings),
        "template": facts and {name: getattr(facts, name) for name in facts.__struct_fields__},
        "roles": list(inventory.roles.get(model.name, ())),
        "loaded": loaded
        and {
            "size": loaded.size,
            "size_vram": loaded.size_vram,
            "context_length": loaded.context_length,
            "place": format_placement(loaded),
        },
        "tried": trial
        and {
            "done": trial.summary.done,
            "jobs": trial.summary.jobs,
            "verdict": trial.verdict,
            "tokens_per_second": trial.summary.tokens_per_second,
            "window": trial.window,
            "at": trial.at,
        },
    }
