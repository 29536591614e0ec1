"""Output of `ocp`: results on stdout, messages on stderr, and the exit codes.

A command prints its result with `print_result`, `print_table` or `print_json`, and messages with
`print_message` and `print_check`. It fails by raising an `OcpError`, which `fail` prints as one
line. Rich is imported only for a terminal: a pipe gets plain text without colours or truncation.
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
    """The exit codes of `ocp`, which scripts can rely on."""

    OK = 0
    FAILED = 1  # a check, Ollama or the model failed
    USAGE = 2  # the command line or a setting is wrong
    PORT_TAKEN = 3
    INTERRUPTED = 130  # Ctrl-C, the shells' number for SIGINT


class Mark(Enum):
    """The mark before a check: its sign, the ASCII sign for other terminals, and its colour."""

    OK = ("✓", "ok", "green")
    WARNING = ("!", "!", "yellow")
    FAILED = ("✗", "x", "red")

    @property
    def colour(self) -> str:
        """The name of the mark's colour in Rich."""
        return self.value[2]

    def sign(self, stream: TextIO) -> str:
        """Return the sign that `stream` can encode (a Windows console may not encode ✓)."""
        sign, ascii_sign, _ = self.value
        try:
            sign.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return ascii_sign
        return sign


def console(*, stderr: bool = True) -> "Console":
    """Return a Rich console on stderr (progress bars, coloured messages) or stdout (results)."""
    from rich.console import Console  # noqa: PLC0415  # 40 ms that a pipe does not need

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def print_message(text: str = "") -> None:
    """Print a line on stderr, unchanged."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_check(mark: Mark, text: str, remedy: str = "") -> None:
    """Print a check on stderr: `✓ text`, and below it, indented, the command that fixes it."""
    sign = mark.sign(sys.stderr)
    if sys.stderr.isatty():
        from rich.text import Text  # noqa: PLC0415  # only for a terminal

        console().print(Text.assemble((sign, mark.colour), f" {text}"))
    else:
        print_message(f"{sign} {text}")
    if remedy:
        print_message(f"  {remedy}")


def print_result(text: str) -> None:
    """Print a line of the result on stdout, unchanged."""
    print(text, flush=True)  # noqa: T201


def print_json(value: Any) -> None:
    """Print `value` on stdout as one indented JSON document."""
    print_result(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout: by Rich on a terminal, as aligned plain columns into a pipe."""
    lines = [list(row) for row in rows]
    if not sys.stdout.isatty():
        _print_plain_table([list(columns), *lines])
        return
    from rich import box  # noqa: PLC0415  # only for a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rich_table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        rich_table.add_column(column, no_wrap=index == 0)  # so that a name can be copied
    for line in lines:
        rich_table.add_row(*(Text(cell, overflow="fold") for cell in line))  # no cell is markup
    console(stderr=False).print(rich_table, soft_wrap=False)


def _print_plain_table(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print_result("  ".join(cells).rstrip())


def exit_code(error: OcpError) -> ExitCode:
    """Return the exit code of the program that ends with `error`."""
    if isinstance(error, PortTaken):
        return ExitCode.PORT_TAKEN
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILED


def fail(error: OcpError) -> NoReturn:
    """Print `error` as one line on stderr and exit with its exit code."""
    print_check(Mark.FAILED, error.message)
    raise SystemExit(exit_code(error))
