"""The checks before `ocp serve` serves: a line each, and the offer to download a missing model.

No failure keeps the proxy from starting: people start things in any order, and what is missing may
be added while it runs.
"""

import asyncio
import sys

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks.connection import connection_finding
from ollama_claude_proxy.cli.checks.finding import Finding, ok
from ollama_claude_proxy.cli.checks.model_findings import (
    abilities_finding,
    main_model_finding,
    missing_role_models,
)
from ollama_claude_proxy.cli.checks.window_finding import window_finding
from ollama_claude_proxy.cli.ollama_status import OllamaStatus, query_ollama
from ollama_claude_proxy.cli.recommended import find_download_size
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile


def preflight(settings: Settings, *, download: bool) -> ModelProfile | None:
    """Print a line for each check on stderr; return the model that answers, if there is one.

    The port is open already. With `download` a missing model is downloaded without asking; without
    it the user is asked, if there is a terminal.
    """
    status = asyncio.run(query_ollama(settings))
    _print_finding(connection_finding(settings, status))
    if status.failure is not None:
        output.print_message("  The proxy starts anyway, and works as soon as Ollama does.")
    else:
        if _should_download(settings, status, download=download) and _download(
            settings, ask=not download
        ):
            status = asyncio.run(query_ollama(settings))
        _print_model_findings(settings, status)
    _print_finding(ok(f"port {settings.port} is free"))
    return status.model


def _print_model_findings(settings: Settings, status: OllamaStatus) -> None:
    findings = [main_model_finding(settings, status), *missing_role_models(settings, status)]
    if status.model is not None:
        findings += [abilities_finding(status.model), window_finding(status.model, settings)]
    for finding in findings:
        _print_finding(finding)
    if status.model is None:
        output.print_message(
            "  Until then every request fails with this error; the proxy need not be restarted."
        )


def _should_download(settings: Settings, status: OllamaStatus, *, download: bool) -> bool:
    """Whether to download the configured model: not without `download` if another one answers."""
    is_needed = status.model is None or download
    return settings.model in status.missing and is_needed and (download or _is_interactive())


def _is_interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _download(settings: Settings, *, ask: bool) -> bool:
    """Download the configured model; return whether it is there now."""
    from ollama_claude_proxy.cli.download import download_model  # noqa: PLC0415  # rarely needed

    if ask and not _confirm_download(settings.model):
        return False
    try:
        download_model(settings, settings.model)
    except OcpError as error:
        output.print_check(output.Mark.FAILED, error.problem, error.advice)
        return False
    return True


def _confirm_download(model: str) -> bool:
    size = find_download_size(model)
    output.print_check(output.Mark.WARNING, f"{model} is not installed")
    print(  # noqa: T201  # a question, without a line end
        f"  Download it now{f' ({size})' if size else ''}? [Y/n] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}


def _print_finding(finding: Finding) -> None:
    output.print_check(finding.mark, finding.summary, finding.remedy)
