"""`ocp doctor`: run every check in order, and print a row each, with how to fix what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ollama_claude_proxy import __version__
from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks import (
    answer,
    claude_environment,
    configured_models,
    gpu_memory,
    machine,
    template,
    tool_call,
    trial,
)
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, Status, failed, print_row, skipped
from ollama_claude_proxy.cli.options import ConfigOption, JsonOption
from ollama_claude_proxy.cli.setting_report import report_settings
from ollama_claude_proxy.errors import OcpError


@dataclass(frozen=True)
class Check:
    """A check, and the checks that it depends on: if one of those fails, it is skipped."""

    name: str
    run: Callable[[CheckContext], list[Finding]]
    depends_on: tuple[str, ...] = ()


CHECKS = (
    Check("python", machine.check_python),
    Check("settings", machine.check_settings),
    Check("proxy", machine.check_proxy, ("settings",)),
    Check("ollama", configured_models.check_ollama, ("settings",)),
    Check("model", configured_models.check_model, ("ollama",)),
    Check("roles", configured_models.check_roles, ("ollama",)),
    Check("abilities", configured_models.check_abilities, ("model",)),
    Check("window", configured_models.check_window, ("model",)),
    Check("answer", answer.check_answer, ("model",)),
    Check("template", template.check_template, ("answer",)),
    Check("memory", gpu_memory.check_memory, ("answer",)),
    Check("tool call", tool_call.check_tool_call, ("abilities", "answer")),
    Check("trial", trial.check_trial, ("model",)),
    Check("claude code", claude_environment.check_claude_code),
    Check("variables", claude_environment.check_variables, ("settings",)),
)


def command(
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Check everything, and show how to fix what is wrong.

    It loads the model, has it write a few words and call a tool. That may take minutes.
    The exit code is 1 if a check fails.

    Examples:
      ocp doctor
      ocp doctor --json

    Keys of --json:
      ok        whether no check failed
      version   of ocp
      checks    name, status (ok, warning, failed, skipped), found, remedy
      settings  KEY: value, origin
    """
    context = CheckContext(config)
    rows = _run_checks(context, print_rows=not as_json)
    ok = all(finding.status is not Status.FAILED for _, finding in rows)
    if as_json:
        output.print_json(_json_report(context, rows, ok=ok))
    if not ok:
        raise SystemExit(output.ExitCode.FAILED)


def _run_checks(context: CheckContext, *, print_rows: bool) -> Sequence[tuple[str, Finding]]:
    rows: list[tuple[str, Finding]] = []
    not_passed: set[str] = set()
    for check in CHECKS:
        blocker = next((name for name in check.depends_on if name in not_passed), None)
        if blocker is None:
            findings = _run_check(check, context)
        else:
            findings = [skipped(f"not checked, because of: {blocker}")]
        if any(finding.status in {Status.FAILED, Status.SKIPPED} for finding in findings):
            not_passed.add(check.name)
        for finding in findings:
            rows.append((check.name, finding))
            if print_rows:
                print_row(check.name, finding)
    return rows


def _run_check(check: Check, context: CheckContext) -> list[Finding]:
    try:
        return check.run(context)
    except OcpError as error:
        return [failed(error.problem, error.advice)]


def _json_report(
    context: CheckContext, rows: Sequence[tuple[str, Finding]], *, ok: bool
) -> dict[str, Any]:
    settings = report_settings(context.loaded) if context.loaded else {}
    return {
        "ok": ok,
        "version": __version__,
        "checks": [
            {
                "name": name,
                "status": finding.status.value,
                "found": finding.summary,
                "remedy": finding.remedy or None,
            }
            for name, finding in rows
        ],
        "settings": {
            name: {"value": value, "origin": origin} for name, (value, origin) in settings.items()
        },
    }
