"""The commands to type once the proxy runs, for the user's shell."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.shells import SHELL_SYNTAXES, Shell, detect_shell
from ollama_claude_proxy.settings import environment


def print_next_steps(variables: Mapping[str, str], config: Path | None = None) -> None:
    """Print on stderr how to point Claude Code at the proxy.

    `variables` are the settings that `ocp env` cannot know: those of this command line.
    """
    output.print_message("Now, in another terminal:")
    for line in (*_env_commands(variables, config), "claude"):
        output.print_message(f"  {line}")


def _env_commands(variables: Mapping[str, str], config: Path | None) -> list[str]:
    """Return the lines that apply `ocp env`, with `variables` and the config file."""
    shell = detect_shell(environment())
    syntax = SHELL_SYNTAXES[shell]
    env_command = "ocp env" if config is None else f"ocp env --config {shlex.quote(str(config))}"
    if shell in {Shell.POWERSHELL, Shell.CMD}:
        lines = [syntax.set(name, value).lstrip("@") for name, value in variables.items()]
        return [*lines, syntax.apply_command.replace("ocp env", env_command)]
    assignments = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return [syntax.apply_command.replace("ocp env", f"{assignments} {env_command}".strip())]
