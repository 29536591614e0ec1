"""The commands to type after the proxy runs, for the user's own shell."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.shells import DIALECTS, Shell, of_environment
from ollama_claude_proxy.settings import environment


def say_next_steps(variables: Mapping[str, str], config: Path | None = None) -> None:
    """Say on stderr how to point Claude Code at the proxy.

    `variables` are settings that `ocp env` cannot know: those of this run's command line.
    """
    output.say("Now, in another terminal:")
    for line in (*_pointing(variables, config), "claude"):
        output.say(f"  {line}")


def _pointing(variables: Mapping[str, str], config: Path | None) -> list[str]:
    shell = of_environment(environment())
    dialect = DIALECTS[shell]
    words = "ocp env" if config is None else f"ocp env --config {shlex.quote(str(config))}"
    if shell in {Shell.POWERSHELL, Shell.CMD}:
        lines = [dialect.set(name, value).lstrip("@") for name, value in variables.items()]
        return [*lines, dialect.use.replace("ocp env", words)]
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return [dialect.use.replace("ocp env", f"{given} {words}".strip())]
