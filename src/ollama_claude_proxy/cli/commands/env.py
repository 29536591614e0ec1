"""`ocp env`: what points Claude Code at the proxy, as lines for a shell, JSON, or settings."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import claude_code, output
from ollama_claude_proxy.cli.claude_code import Variable
from ollama_claude_proxy.cli.proxy import running_proxy
from ollama_claude_proxy.cli.shells import DIALECTS, Dialect, Shell, of_environment
from ollama_claude_proxy.errors import UsageError
from ollama_claude_proxy.settings import environment, load_settings


def command(  # noqa: PLR0913  # each is an option
    *,
    shell: Annotated[
        Shell | None, typer.Option(help="The shell to write for; without it, yours ($SHELL).")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object; null: must not be set.")
    ] = False,
    settings_file: Annotated[
        bool, typer.Option("--settings", help="Print JSON for Claude Code's settings file.")
    ] = False,
    lean: Annotated[
        bool, typer.Option("--lean", help="Leave out what makes the first prompt large.")
    ] = False,
    unset: Annotated[bool, typer.Option("--unset", help="Print what undoes all of it.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="The config file to read.", show_default=False)
    ] = None,
) -> None:
    r"""Print what points Claude Code at the proxy.

    For this shell:
      eval "$(ocp env)"                                 bash, zsh
      ocp env | source                                  fish
      ocp env | Out-String | Invoke-Expression          PowerShell
      ocp env > "%TEMP%\ocp.cmd" && "%TEMP%\ocp.cmd"    cmd

    For one project, for good:
      ocp env --settings > .claude/settings.local.json

    Back to Anthropic:
      eval "$(ocp env --unset)"
    """
    if as_json and settings_file:
        raise UsageError("`--json` and `--settings` exclude each other.", remedy="Choose one.")
    settings = load_settings({"lean": "on"} if lean else {}, config).settings
    running = None if unset else running_proxy(settings)
    leaner = not unset and claude_code.is_lean(settings, running)
    if leaner and not lean and settings.lean == "auto":
        output.say(LEAN_SAID)
    variables = _undoing() if unset else claude_code.variables(settings, running, environment())
    if settings_file:
        output.result_json(_settings_json(variables, unset=unset, lean=leaner))
        _advise(_SETTINGS_UNDO if unset else _SETTINGS_USE, always=unset)
    elif as_json:
        output.result_json({variable.name: variable.value for variable in variables})
    else:
        _for_shell(shell or of_environment(environment()), variables, unset=unset)


def _for_shell(shell: Shell, variables: Sequence[Variable], *, unset: bool) -> None:
    dialect = DIALECTS[shell]
    output.result("\n".join(_lines(dialect, variables)))
    use = dialect.use.replace("ocp env", "ocp env --unset") if unset else dialect.use
    _advise(f"To apply this in {shell}: {use}")


LEAN_SAID = (
    "The window has 16384 tokens or less: Claude Code leaves out skills, workflows, subagents and"
    " the like (`OCP_LEAN=off` keeps them)."
)
_SETTINGS_USE = "Put this into ~/.claude/settings.json, or a project's .claude/settings.local.json."
_SETTINGS_UNDO = (
    "A JSON merge patch: null means that the key goes."
    f" From permissions.deny take {', '.join(claude_code.PERMISSIONS['deny'])} by hand;"
    " your own rules there stay."
)


def _undoing() -> Sequence[Variable]:
    return [Variable(name, None, "") for name in claude_code.names(environment())]


def _lines(dialect: Dialect, variables: Sequence[Variable]) -> Iterator[str]:
    for variable in variables:
        if variable.value is None:
            yield dialect.unset(variable.name)
        else:
            yield dialect.set(variable.name, variable.value)
    for variable in variables:
        if variable.value is None and variable.reason:
            yield dialect.remark(f"{variable.name} is unset: {variable.reason}.")


def _settings_json(variables: Sequence[Variable], *, unset: bool, lean: bool) -> Mapping[str, Any]:
    """Give Claude Code's settings; undone, a merge patch (RFC 7386) that takes our keys out."""
    permissions = claude_code.permissions(lean=lean)
    others = claude_code.OTHER_SETTINGS
    if unset:
        return {
            "env": {variable.name: None for variable in variables},
            "permissions": {name: None for name in permissions if name != "deny"},
            **dict.fromkeys(others),
        }
    given = {variable.name: variable.value for variable in variables if variable.value is not None}
    return {"env": given, "permissions": permissions, **others}


def _advise(text: str, *, always: bool = False) -> None:
    """Say on stderr how to use the output, when a person looks at it instead of a shell."""
    if always or sys.stdout.isatty():
        output.say(text)
