"""What `ocp` says and where: results on stdout, talk on stderr, and one exit code for each end.

A command prints its result with `result`, `table` or `result_json` and talks with `say` and
`check`; it ends badly by raising an `OcpError`, which `fail` shows as one line. Rich is imported
only for a terminal: a pipe gets plain text, with no colours and no line cut to a width.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from ollama_claude_proxy.errors import OcpError, PortTaken, UsageError

if TYPE_CHECKING:
    from rich.console import Console


class ExitCode(IntEnum):
    """How `ocp` ends: what a script can rely on."""

    OK = 0
    FAILED = 1  # something is wrong: a check, Ollama, the model
    USAGE = 2  # the command line or a setting is at fault
    PORT_TAKEN = 3
    INTERRUPTED = 130  # Ctrl-C, the shells' number for SIGINT


class Mark(Enum):
    """The mark before a check: its sign, the sign where the terminal cannot show it, its colour."""

    GOOD = ("✓", "ok", "green")
    WARNING = ("!", "!", "yellow")
    BAD = ("✗", "x", "red")

    @property
    def colour(self) -> str:
        """Rich's name of the mark's colour."""
        return self.value[2]

    def sign(self, stream: TextIO) -> str:
        """Give the sign as `stream` can encode it (Windows consoles may not know ✓)."""
        sign, plain, _ = self.value
        try:
            sign.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return plain
        return sign


def console(*, stderr: bool = True) -> "Console":
    """Give a Rich console on stderr (talk: progress bars, colours), or on stdout for a result."""
    from rich.console import Console  # noqa: PLC0415  # 40 ms that a pipe does not need

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a line of talk on stderr, as it is."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def check(mark: Mark, text: str, remedy: str = "") -> None:
    """Print one check on stderr: `✓ text`, and below it, indented, the command that mends it."""
    sign = mark.sign(sys.stderr)
    if sys.stderr.isatty():
        from rich.text import Text  # noqa: PLC0415  # only for a terminal

        console().print(Text.assemble((sign, mark.colour), f" {text}"))
    else:
        say(f"{sign} {text}")
    if remedy:
        say(f"  {remedy}")


def result(text: str) -> None:
    """Print a line of the result on stdout, as it is."""
    print(text, flush=True)  # noqa: T201


def result_json(value: Any) -> None:
    """Print `value` on stdout as one indented JSON document."""
    result(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout: Rich's for a terminal, aligned plain columns for a pipe."""
    lines = [list(row) for row in rows]
    if not sys.stdout.isatty():
        _plain_table([list(columns), *lines])
        return
    from rich import box  # noqa: PLC0415  # only for a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, column in enumerate(columns):
        shown.add_column(column, no_wrap=at == 0)  # a name is to be copied
    for line in lines:
        shown.add_row(*(Text(cell, overflow="fold") for cell in line))  # no cell is markup
    console(stderr=False).print(shown, soft_wrap=False)


def _plain_table(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        result("  ".join(cells).rstrip())


def exit_code(error: OcpError) -> ExitCode:
    """Give the exit code with which `error` ends the program."""
    if isinstance(error, PortTaken):
        return ExitCode.PORT_TAKEN
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILED


def fail(error: OcpError) -> NoReturn:
    """Show `error` as one line on stderr and end the program with its exit code."""
    check(Mark.BAD, error.message)
    raise SystemExit(exit_code(error))
