"""`ocp try`: have models do small jobs, and tell which of them can really do the work."""

import asyncio
import time
from typing import Annotated, Any

import msgspec
import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.options import ConfigOption, JsonOption, OllamaUrlOption
from ollama_claude_proxy.cli.output import Mark
from ollama_claude_proxy.cli.templates import load_fitted_windows
from ollama_claude_proxy.cli.trial_results import TrialResult, sorted_results
from ollama_claude_proxy.cli.trial_run import TrialRun
from ollama_claude_proxy.cli.units import format_seconds
from ollama_claude_proxy.errors import (
    ModelNotInstalled,
    ModelUnusable,
    OllamaUnreachable,
    UsageError,
)
from ollama_claude_proxy.settings import Settings, load_settings
from ollama_claude_proxy.trial.play import JobResult
from ollama_claude_proxy.wire.model import ModelProfile

_TIMEOUT = 20.0  # seconds; there is one request for each model
_COLUMNS = ("model", "done", "repaired", "asked again", "tokens/s", "window", "verdict")


def command(  # noqa: PLR0913  # one parameter per option
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Models in Ollama.", show_default=False),
    ] = None,
    *,
    try_all: Annotated[
        bool, typer.Option("--all", help="Try every local model that writes text.")
    ] = False,
    is_quick: Annotated[bool, typer.Option("--quick", help="Only 8 of the 36 jobs.")] = False,
    as_json: JsonOption = False,
    ollama_url: OllamaUrlOption = None,
    config: ConfigOption = None,
) -> None:
    """Try which models can really do the work.

    Each model gets 30 jobs of one step and 6 of three steps, with tools like Claude Code's. A job
    is done if every call has the right name and the right arguments. Nothing is run or written on
    this machine: the tools only seem to work. Without MODEL it tries the model that answers.

    It takes some minutes for each model. The best model comes first. `ocp models` and `ocp doctor`
    show the results later.

    Examples:
      ocp try
      ocp try qwen3:8b qwen2.5-coder:7b --quick
      ocp try --all --json

    Keys of --json:
      finished  whether all jobs of all models were played
      models    model, finished, quick, jobs, done (right names and arguments), right_names,
                repaired (calls), second_chances, tokens_per_second (null: not measured),
                window (tokens), seconds, verdict,
                kinds (KIND: jobs, done), failures (job, kind, fault, argument, why)
    """
    if models and try_all:
        raise UsageError("Give either models or --all.", remedy="See `ocp try --help`.")
    settings = load_settings({"ollama_url": ollama_url}, config).settings
    profiles = asyncio.run(_find_models(settings, models or [], try_all=try_all))
    run = TrialRun(settings, profiles, is_quick=is_quick)
    progress = _Progress()
    is_interrupted = False
    try:
        asyncio.run(run.run(progress.show_model, progress.show_job))
    except KeyboardInterrupt:
        is_interrupted = True
    finally:
        _print_results(run.results, len(profiles), as_json=as_json)
    if is_interrupted:
        raise SystemExit(output.ExitCode.INTERRUPTED)


async def _find_models(
    settings: Settings, names: list[str], *, try_all: bool
) -> list[ModelProfile]:
    """Return the models to try; raises ModelNotInstalled, or ModelUnusable if one cannot write."""
    from ollama_claude_proxy.upstream.catalog import Catalog  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415

    try:
        async with asyncio.timeout(_TIMEOUT), open_upstream(settings) as upstream:
            catalog = Catalog(upstream, settings, load_fitted_windows())
            if try_all:
                installed = await catalog.installed()
                local = [model for model in installed if model.completion and not model.cloud]
                if not local:
                    raise ModelNotInstalled(settings.model)
                return local
            found = [await catalog.profile(name) for name in names]
            found = found or [await catalog.default_model()]
    except TimeoutError:
        raise OllamaUnreachable(settings.ollama_url, "it took too long") from None
    for model in found:
        if not model.completion:
            raise ModelUnusable(f"The model {model.name!r} cannot write text.")
    return list({model.name: model for model in found}.values())


class _Progress:
    """Tells on stderr how each job ended, and about how long the rest takes.

    The first job tells nothing of the others: it loads the model, and reads the tools.
    """

    def __init__(self) -> None:
        self._first_ended: float | None = None

    def show_model(self, profile: ModelProfile, jobs: int) -> None:
        output.print_message(f"{profile.name}: {jobs} jobs")

    def show_job(self, result: JobResult, played: int, total: int) -> None:
        why = f": {result.why}" if result.why else ""
        mark = Mark.OK if result.is_done else Mark.FAILED
        left = self._time_left(played, total)
        output.print_check(mark, f"{played}/{total} {result.job}{why}{left}")

    def _time_left(self, played: int, total: int) -> str:
        now = time.monotonic()
        if self._first_ended is None:
            self._first_ended = now
            return ""
        if played == total:
            return ""
        seconds = (now - self._first_ended) / (played - 1) * (total - played)
        return f"; about {format_seconds(seconds)} left"


def _print_results(results: list[TrialResult], models: int, *, as_json: bool) -> None:
    ordered = sorted_results(results)
    if as_json:
        finished = len(results) == models and all(result.is_finished for result in results)
        document = {"finished": finished, "models": [_result_json(one) for one in ordered]}
        output.print_json(document)
    elif ordered:
        output.print_table(_COLUMNS, map(_row, ordered))


def _row(result: TrialResult) -> list[str]:
    summary = result.summary
    speed = summary.tokens_per_second
    return [
        result.model,
        result.score,
        str(summary.repaired),
        str(summary.second_chances),
        "-" if speed is None else f"{speed:.1f}",
        str(result.window),
        result.verdict,
    ]


def _result_json(result: TrialResult) -> dict[str, Any]:
    summary: dict[str, Any] = msgspec.to_builtins(result.summary)
    return {
        "model": result.model,
        "finished": result.is_finished,
        "quick": result.is_quick,
        "window": result.window,
        "verdict": result.verdict,
        **summary,
    }
