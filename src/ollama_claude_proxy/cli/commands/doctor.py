"""`ocp doctor`: every check in its order, a row each, with what mends what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy import __version__
from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks import client, machine, ollama, template
from ollama_claude_proxy.cli.checks.finding import Finding, Status, bad, show_row, skipped
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.checks.tool_call import tool_call
from ollama_claude_proxy.errors import OcpError


@dataclass(frozen=True)
class Check:
    """A check, and those that must not have failed before it."""

    name: str
    look: Callable[[Patient], list[Finding]]
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("python", machine.python),
    Check("settings", machine.settings),
    Check("proxy", machine.proxy, ("settings",)),
    Check("ollama", ollama.ollama, ("settings",)),
    Check("model", ollama.model, ("ollama",)),
    Check("roles", ollama.roles, ("ollama",)),
    Check("abilities", ollama.abilities, ("model",)),
    Check("window", ollama.window, ("model",)),
    Check("answer", ollama.answer, ("model",)),
    Check("template", template.template, ("answer",)),
    Check("memory", ollama.memory, ("answer",)),
    Check("tool call", tool_call, ("abilities", "answer")),
    Check("claude code", client.claude),
    Check("variables", client.variables, ("settings",)),
)


def command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="The config file.", show_default=False)
    ] = None,
) -> None:
    """Check everything, and say what mends what is wrong.

    It loads the model, has it write a few words and call a tool. That may take minutes.
    The exit code is 1 if something fails.

    Examples:
      ocp doctor
      ocp doctor --json

    Keys of --json:
      ok        whether nothing fails
      version   of ocp
      checks    name, status (ok, warning, failed, skipped), found, remedy
      settings  KEY: value, origin
    """
    patient = Patient(config)
    rows = _run(patient, shown=not as_json)
    well = all(finding.status is not Status.FAILED for _, finding in rows)
    if as_json:
        output.result_json(_document(patient, rows, well=well))
    if not well:
        raise SystemExit(output.ExitCode.FAILED)


def _run(patient: Patient, *, shown: bool) -> Sequence[tuple[str, Finding]]:
    rows: list[tuple[str, Finding]] = []
    unwell: set[str] = set()
    for check in CHECKS:
        reason = next((name for name in check.needs if name in unwell), None)
        found = (
            [skipped(f"not looked at, because of: {reason}")] if reason else _look(check, patient)
        )
        if any(one.status in {Status.FAILED, Status.SKIPPED} for one in found):
            unwell.add(check.name)
        for finding in found:
            rows.append((check.name, finding))
            if shown:
                show_row(check.name, finding)
    return rows


def _look(check: Check, patient: Patient) -> list[Finding]:
    try:
        return check.look(patient)
    except OcpError as error:
        return [bad(error.problem, error.advice)]


def _document(
    patient: Patient, rows: Sequence[tuple[str, Finding]], *, well: bool
) -> dict[str, Any]:
    origins = machine.origins(patient.loaded) if patient.loaded else {}
    return {
        "ok": well,
        "version": __version__,
        "checks": [
            {
                "name": name,
                "status": finding.status.value,
                "found": finding.found,
                "remedy": finding.remedy or None,
            }
            for name, finding in rows
        ],
        "settings": {
            name: {"value": value, "origin": origin} for name, (value, origin) in origins.items()
        },
    }
