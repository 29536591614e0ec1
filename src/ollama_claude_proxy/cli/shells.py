"""How each shell sets and unsets an environment variable, whatever is in the value.

Statements of bash, zsh and fish end in `;`, and remarks come last in the output: so it also works
where somebody forgets the quotes in `eval "$(ocp env)"`, which turns line ends into spaces.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from ollama_claude_proxy.errors import UsageError


class Shell(StrEnum):
    """The shells that `ocp env` writes for; bash stands for every POSIX shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    CMD = "cmd"


@dataclass(frozen=True)
class Dialect:
    """How one shell sets, unsets and remarks, and how its user runs what we print."""

    set: Callable[[str, str], str]
    unset: Callable[[str], str]
    remark: Callable[[str], str]
    use: str


def of_environment(environment: Mapping[str, str]) -> Shell:
    """Give the user's shell: `$SHELL` where we know it, PowerShell on Windows, otherwise bash."""
    name = PurePath(environment.get("SHELL", "")).name.removesuffix(".exe").lower()
    if name == "pwsh":
        return Shell.POWERSHELL
    if name in set(Shell):
        return Shell(name)
    windows = environment.get("OS") == "Windows_NT"  # set by every Windows since NT
    return Shell.POWERSHELL if windows and not name else Shell.BASH


def _posix(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    """Quote for PowerShell, which takes typographic single quotes for plain ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _cmd(name: str, value: str) -> str:
    """Write a line of a batch file, where `%` is doubled and `"` ends the protection of `&|<>^`."""
    if "\n" in value or "\r" in value:
        raise UsageError(
            f"The value of {name} has a line end, which cmd cannot set.",
            remedy="Use `ocp env --shell powershell`.",
        )
    value = value.replace("%", "%%")
    if '"' not in value:
        return f'@set "{name}={value}"'
    escaped = re.sub(r'(["&|<>^()])', r"^\1", value)
    return f'@set ^"{name}={escaped}^"'


_POSIX = Dialect(
    set=lambda name, value: f"export {name}={_posix(value)};",
    unset=lambda name: f"unset {name};",
    remark=lambda text: f"# {text}",
    use='eval "$(ocp env)"',
)

DIALECTS: Mapping[Shell, Dialect] = {
    Shell.BASH: _POSIX,
    Shell.ZSH: _POSIX,
    Shell.FISH: Dialect(
        set=lambda name, value: f"set -gx {name} {_fish(value)};",
        unset=lambda name: f"set -e {name};",
        remark=lambda text: f"# {text}",
        use="ocp env | source",
    ),
    Shell.POWERSHELL: Dialect(
        set=lambda name, value: f"$env:{name} = {_powershell(value)}",
        unset=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        remark=lambda text: f"# {text}",
        use="ocp env | Out-String | Invoke-Expression",
    ),
    Shell.CMD: Dialect(
        set=_cmd,
        unset=lambda name: f'@set "{name}="',
        remark=lambda text: f"@rem {text}",
        use='ocp env > "%TEMP%\\ocp.cmd" && "%TEMP%\\ocp.cmd"',
    ),
}
