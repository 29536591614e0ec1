"""The result of a check, and how it is printed."""

import sys
from dataclasses import dataclass
from enum import StrEnum

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.output import Mark

_SKIPPED_SIGN = "–"  # noqa: RUF001  # an en dash marks a check that did not run
_MARKS = {"ok": Mark.OK, "warning": Mark.WARNING, "failed": Mark.FAILED}
_NAME_WIDTH = 12


class Status(StrEnum):
    """The outcome of a check; it is skipped when a check that it depends on failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One result of a check, and the command that fixes it; an empty remedy: nothing to fix."""

    status: Status
    summary: str
    remedy: str = ""

    @property
    def mark(self) -> Mark:
        """The mark for `output.print_check`."""
        return _MARKS.get(self.status, Mark.WARNING)


def ok(summary: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Status.OK, summary)


def warning(summary: str, remedy: str = "") -> Finding:
    """Return a finding that something works, but not well."""
    return Finding(Status.WARNING, summary, remedy)


def failed(summary: str, remedy: str = "") -> Finding:
    """Return a finding that something does not work."""
    return Finding(Status.FAILED, summary, remedy)


def skipped(reason: str) -> Finding:
    """Return a finding that a check did not run."""
    return Finding(Status.SKIPPED, reason)


def print_row(name: str, finding: Finding) -> None:
    """Print a finding as a row of `ocp doctor` on stdout, with its remedy below."""
    sign, colour = _sign(finding)
    label = name.ljust(_NAME_WIDTH)
    if sys.stdout.isatty():
        from rich.text import Text  # noqa: PLC0415  # only for a terminal

        row = Text.assemble((sign, colour), f" {label} {finding.summary}")
        output.console(stderr=False).print(row)
    else:
        output.print_result(f"{sign} {label} {finding.summary}")
    if finding.remedy:
        output.print_result(f"{' ' * (_NAME_WIDTH + 3)}{finding.remedy}")


def _sign(finding: Finding) -> tuple[str, str]:
    """Return the sign of a finding, as stdout can encode it, and its colour."""
    if finding.status is not Status.SKIPPED:
        return finding.mark.sign(sys.stdout), finding.mark.colour
    encoding = sys.stdout.encoding or "ascii"
    encodable = _SKIPPED_SIGN.encode(encoding, "ignore").decode(encoding)
    return encodable or "-", "dim"
