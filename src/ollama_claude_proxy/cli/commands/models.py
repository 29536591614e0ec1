"""`ocp models`: what Ollama has, what each model can do, and which are worth having."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.gpu import place
from ollama_claude_proxy.cli.recommended import RECOMMENDED, Recommended
from ollama_claude_proxy.cli.templates import calibration, fitted_windows, shown
from ollama_claude_proxy.cli.units import bytes_text
from ollama_claude_proxy.errors import ModelNotInstalled, OllamaUnreachable
from ollama_claude_proxy.settings import Settings, load_settings
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts, alias
from ollama_claude_proxy.wire.ollama import RunningModel

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.catalog import Catalog

_PATIENCE = 20.0  # seconds; each model is asked about
_COLUMNS = ("model", "size", "kind", "context", "tools", "vision", "thinks", "loaded", "role")


@dataclass(frozen=True)
class Inventory:
    """The installed models, those that are loaded by digest, and the roles of each by name."""

    models: Sequence[ModelProfile]
    loaded: Mapping[str, RunningModel]
    roles: Mapping[str, Sequence[str]]
    facts: Mapping[str, TemplateFacts | None]


def command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ollama_url: Annotated[
        str | None,
        typer.Option("--ollama-url", help="Where Ollama listens.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="The config file.", show_default=False)
    ] = None,
) -> None:
    """List the models in Ollama and those worth having.

    The kind is the family, the number of parameters and the quantisation; loaded is where the model
    lies in memory now. The main role is everything that no other role is for.

    Examples:
      ocp models
      ocp models --json --ollama-url http://192.168.1.20:11434

    Keys of --json:
      models       name, alias, size (bytes), family, parameter_size, quantization,
                   context_length and window (tokens), tools, vision, thinking, cloud,
                   shows_tools (native, or text/DIALECT: ocp does), template (what it does with
                   tools and turns; null: not asked yet, `ocp doctor` asks),
                   roles, loaded (null, or size, size_vram, context_length, place)
      recommended  name, purpose, memory_gb, download, pull, installed
    """
    settings = load_settings({"ollama_url": ollama_url}, config).settings
    found = asyncio.run(_inventory(settings))
    if as_json:
        output.result_json(_document(found, settings))
    else:
        _print(found)


async def _inventory(settings: Settings) -> Inventory:
    from ollama_claude_proxy.upstream.catalog import Catalog  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.ollama.client import Ollama  # noqa: PLC0415

    ollama = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    catalog = Catalog(ollama, settings, fitted_windows())
    try:
        async with asyncio.timeout(_PATIENCE):
            models = await catalog.installed()
            loaded = {model.digest: model for model in await ollama.running()}
            known = calibration(ollama).known
            facts = {model.name: await known(model) for model in models}
            return Inventory(models, loaded, await _roles(catalog, settings), facts)
    except TimeoutError:
        raise OllamaUnreachable(settings.ollama_url, "it took too long") from None
    finally:
        await ollama.close()


async def _roles(catalog: "Catalog", settings: Settings) -> dict[str, list[str]]:
    """Give the roles by the name of the model that has them; `main` is everything else."""
    found: dict[str, list[str]] = {}
    with suppress(ModelNotInstalled):
        found[(await catalog.default_model()).name] = ["main"]
    for role in ("opus", "sonnet", "haiku", "subagent"):
        chosen = getattr(settings.roles, role)
        if chosen:
            with suppress(ModelNotInstalled):
                found.setdefault((await catalog.profile(chosen)).name, []).append(role)
    return found


def _print(found: Inventory) -> None:
    if found.models:
        output.table(_COLUMNS, (_row(model, found) for model in found.models))
    else:
        output.result("Ollama has no models yet.")
    output.result("\nWorth having (agent: for Claude Code; memory: for the model and its window):")
    output.table(
        ("memory", "for", "command", "download", "installed"),
        (_advice(one, found) for one in RECOMMENDED),
    )


def _row(model: ModelProfile, found: Inventory) -> list[str]:
    loaded = found.loaded.get(model.digest)
    return [
        model.name,
        "cloud" if model.cloud else bytes_text(model.size),
        " ".join(filter(None, (model.family, model.parameter_size, model.quantization))) or "-",
        str(model.context_length or "-"),
        *(_tick(can) for can in (model.tools, model.vision, model.thinking)),
        "-" if loaded is None else f"{place(loaded)} {bytes_text(loaded.size)}",
        ", ".join(found.roles.get(model.name, ())) or "-",
    ]


def _advice(one: Recommended, found: Inventory) -> list[str]:
    here = _tick(_has(found, one.name))
    return [f"{one.memory} GB", one.purpose, one.pull, one.download, here]


def _tick(yes: bool) -> str:
    return output.Mark.GOOD.sign(sys.stdout) if yes else ""


def _has(found: Inventory, name: str) -> bool:
    names = {model.name.removesuffix(":latest") for model in found.models}
    return name.removesuffix(":latest") in names


def _document(found: Inventory, settings: Settings) -> dict[str, Any]:
    return {
        "models": [_entry(model, found, settings) for model in found.models],
        "recommended": [
            {
                "name": one.name,
                "purpose": one.purpose,
                "memory_gb": one.memory,
                "download": one.download,
                "pull": one.pull,
                "installed": _has(found, one.name),
            }
            for one in RECOMMENDED
        ],
    }


def _entry(model: ModelProfile, found: Inventory, settings: Settings) -> dict[str, Any]:
    from ollama_claude_proxy.upstream.catalog import window  # noqa: PLC0415  # 0.1 s

    loaded = found.loaded.get(model.digest)
    facts = found.facts[model.name]
    return {
        "name": model.name,
        "alias": alias(model.name),
        "size": model.size,
        "family": model.family,
        "parameter_size": model.parameter_size,
        "quantization": model.quantization,
        "context_length": model.context_length,
        "window": window(model, settings),
        "tools": model.tools,
        "vision": model.vision,
        "thinking": model.thinking,
        "cloud": model.cloud,
        "shows_tools": shown(model, facts, settings),
        "template": facts and {name: getattr(facts, name) for name in facts.__struct_fields__},
        "roles": list(found.roles.get(model.name, ())),
        "loaded": loaded
        and {
            "size": loaded.size,
            "size_vram": loaded.size_vram,
            "context_length": loaded.context_length,
            "place": place(loaded),
        },
    }
