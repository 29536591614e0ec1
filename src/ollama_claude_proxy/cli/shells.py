"""How each shell sets and unsets an environment variable, with any text as the value.

Statements of bash, zsh and fish end in `;`, and comments are printed last, so that the output also
works without the quotes of `eval "$(ocp env)"`, when the shell turns line ends into spaces.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from ollama_claude_proxy.errors import UsageError


class Shell(StrEnum):
    """The shells that `ocp env` supports; bash stands for every POSIX shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    CMD = "cmd"


@dataclass(frozen=True)
class ShellSyntax:
    """How a shell sets and unsets a variable and writes a comment.

    `apply_command` is what a user types to run the output of `ocp env`.
    """

    set: Callable[[str, str], str]
    unset: Callable[[str], str]
    comment: Callable[[str], str]
    apply_command: str


def detect_shell(environment: Mapping[str, str]) -> Shell:
    """Return the user's shell: `$SHELL` if supported, PowerShell on Windows, otherwise bash."""
    name = PurePath(environment.get("SHELL", "")).name.removesuffix(".exe").lower()
    if name == "pwsh":
        return Shell.POWERSHELL
    if name in set(Shell):
        return Shell(name)
    on_windows = environment.get("OS") == "Windows_NT"  # set by every Windows since NT
    return Shell.POWERSHELL if on_windows and not name else Shell.BASH


def _quote_posix(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _quote_fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_powershell(value: str) -> str:
    """Quote for PowerShell, which treats typographic single quotes as plain ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _set_in_cmd(name: str, value: str) -> str:
    """Return a line of a batch file: `%` is doubled, and beside a `"`, `&|<>^()` need a `^`."""
    if "\n" in value or "\r" in value:
        raise UsageError(
            f"The value of {name} has a line break, which cmd cannot set.",
            remedy="Use `ocp env --shell powershell`.",
        )
    value = value.replace("%", "%%")
    if '"' not in value:
        return f'@set "{name}={value}"'
    escaped = re.sub(r'(["&|<>^()])', r"^\1", value)
    return f'@set ^"{name}={escaped}^"'


_POSIX_SYNTAX = ShellSyntax(
    set=lambda name, value: f"export {name}={_quote_posix(value)};",
    unset=lambda name: f"unset {name};",
    comment=lambda text: f"# {text}",
    apply_command='eval "$(ocp env)"',
)

SHELL_SYNTAXES: Mapping[Shell, ShellSyntax] = {
    Shell.BASH: _POSIX_SYNTAX,
    Shell.ZSH: _POSIX_SYNTAX,
    Shell.FISH: ShellSyntax(
        set=lambda name, value: f"set -gx {name} {_quote_fish(value)};",
        unset=lambda name: f"set -e {name};",
        comment=lambda text: f"# {text}",
        apply_command="ocp env | source",
    ),
    Shell.POWERSHELL: ShellSyntax(
        set=lambda name, value: f"$env:{name} = {_quote_powershell(value)}",
        unset=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        comment=lambda text: f"# {text}",
        apply_command="ocp env | Out-String | Invoke-Expression",
    ),
    Shell.CMD: ShellSyntax(
        set=_set_in_cmd,
        unset=lambda name: f'@set "{name}="',
        comment=lambda text: f"@rem {text}",
        apply_command='ocp env > "%TEMP%\\ocp.cmd" && "%TEMP%\\ocp.cmd"',
    ),
}
