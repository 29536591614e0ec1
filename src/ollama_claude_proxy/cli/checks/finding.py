"""What a check found, and how it is shown."""

import sys
from dataclasses import dataclass
from enum import StrEnum

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.output import Mark

_SKIPPED = "–"  # noqa: RUF001  # the sign of a check that did not run
_MARKS = {"ok": Mark.GOOD, "warning": Mark.WARNING, "failed": Mark.BAD}
_NAME_WIDTH = 12


class Status(StrEnum):
    """How a check ended; a skipped one could not run because another had failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What was found, and what to type to mend it; with no remedy there is nothing to mend."""

    status: Status
    found: str
    remedy: str = ""

    @property
    def mark(self) -> Mark:
        """The mark for `output.check`."""
        return _MARKS.get(self.status, Mark.WARNING)


def good(found: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, found)


def warning(found: str, remedy: str = "") -> Finding:
    """It works, but could be better."""
    return Finding(Status.WARNING, found, remedy)


def bad(found: str, remedy: str = "") -> Finding:
    """It does not work."""
    return Finding(Status.FAILED, found, remedy)


def skipped(reason: str) -> Finding:
    """It was not looked at."""
    return Finding(Status.SKIPPED, reason)


def show_row(name: str, finding: Finding) -> None:
    """Print a finding as a row of `ocp doctor` on stdout, with its remedy below."""
    sign, colour = _sign(finding)
    label = name.ljust(_NAME_WIDTH)
    if sys.stdout.isatty():
        from rich.text import Text  # noqa: PLC0415  # only for a terminal

        shown = Text.assemble((sign, colour), f" {label} {finding.found}")
        output.console(stderr=False).print(shown)
    else:
        output.result(f"{sign} {label} {finding.found}")
    if finding.remedy:
        output.result(f"{' ' * (_NAME_WIDTH + 3)}{finding.remedy}")


def _sign(finding: Finding) -> tuple[str, str]:
    if finding.status is not Status.SKIPPED:
        return finding.mark.sign(sys.stdout), finding.mark.colour
    encoding = sys.stdout.encoding or "ascii"
    known = _SKIPPED.encode(encoding, "ignore").decode(encoding)
    return known or "-", "dim"
