"""`ocp env`: the variables that point Claude Code at the proxy, for a shell, or as JSON."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ollama_claude_proxy.cli import claude_code, output
from ollama_claude_proxy.cli.claude_code import Variable
from ollama_claude_proxy.cli.proxy import find_running_proxy
from ollama_claude_proxy.cli.shells import SHELL_SYNTAXES, Shell, ShellSyntax, detect_shell
from ollama_claude_proxy.errors import UsageError
from ollama_claude_proxy.settings import environment, load_settings


def command(  # noqa: PLR0913  # one parameter per option
    *,
    shell: Annotated[
        Shell | None, typer.Option(help="The shell to print lines for; without it, yours ($SHELL).")
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
    unset: Annotated[bool, typer.Option("--unset", help="Print how to undo all of it.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="The config file to read.", show_default=False)
    ] = None,
) -> None:
    r"""Print the variables that point Claude Code at the proxy.

    For this shell:
      eval "$(ocp env)"                                 bash, zsh
      ocp env | source                                  fish
      ocp env | Out-String | Invoke-Expression          PowerShell
      ocp env > "%TEMP%\ocp.cmd" && "%TEMP%\ocp.cmd"    cmd

    For one project, permanently:
      ocp env --settings > .claude/settings.local.json

    Back to Anthropic:
      eval "$(ocp env --unset)"
    """
    if as_json and settings_file:
        raise UsageError("`--json` and `--settings` cannot be combined.", remedy="Choose one.")
    settings = load_settings({"lean": "on"} if lean else {}, config).settings
    running = None if unset else find_running_proxy(settings)
    is_lean = not unset and claude_code.is_lean(settings, running)
    if is_lean and not lean and settings.lean == "auto":
        output.print_message(claude_code.LEAN_NOTICE)
    variables = (
        _unset_variables() if unset else claude_code.variables(settings, running, environment())
    )
    if settings_file:
        output.print_json(_settings_json(variables, unset=unset, lean=is_lean))
        _print_advice(_SETTINGS_UNDO if unset else _SETTINGS_USE, always=unset)
    elif as_json:
        output.print_json({variable.name: variable.value for variable in variables})
    else:
        _print_for_shell(shell or detect_shell(environment()), variables, unset=unset)


def _print_for_shell(shell: Shell, variables: Sequence[Variable], *, unset: bool) -> None:
    syntax = SHELL_SYNTAXES[shell]
    output.print_result("\n".join(_shell_lines(syntax, variables)))
    apply_command = syntax.apply_command
    if unset:
        apply_command = apply_command.replace("ocp env", "ocp env --unset")
    _print_advice(f"To apply this in {shell}: {apply_command}")


_SETTINGS_USE = "Put this into ~/.claude/settings.json, or a project's .claude/settings.local.json."
_SETTINGS_UNDO = (
    "A JSON merge patch: null removes a key."
    f" Remove {', '.join(claude_code.PERMISSIONS['deny'])} from permissions.deny by hand;"
    " the patch keeps your own rules there."
)


def _unset_variables() -> Sequence[Variable]:
    return [Variable(name, None, "") for name in claude_code.variable_names(environment())]


def _shell_lines(syntax: ShellSyntax, variables: Sequence[Variable]) -> Iterator[str]:
    for variable in variables:
        if variable.value is None:
            yield syntax.unset(variable.name)
        else:
            yield syntax.set(variable.name, variable.value)
    for variable in variables:
        if variable.value is None and variable.reason:
            yield syntax.comment(f"{variable.name} is unset: {variable.reason}.")


def _settings_json(variables: Sequence[Variable], *, unset: bool, lean: bool) -> Mapping[str, Any]:
    """Return Claude Code's settings, or a merge patch (RFC 7386) that removes our keys."""
    permissions = claude_code.permissions(lean=lean)
    others = claude_code.OTHER_SETTINGS
    if unset:
        return {
            "env": {variable.name: None for variable in variables},
            "permissions": {name: None for name in permissions if name != "deny"},
            **dict.fromkeys(others),
        }
    env = {variable.name: variable.value for variable in variables if variable.value is not None}
    return {"env": env, "permissions": permissions, **others}


def _print_advice(text: str, *, always: bool = False) -> None:
    """Print on stderr how to use the output, if it goes to a terminal instead of a shell."""
    if always or sys.stdout.isatty():
        output.print_message(text)
