"""What is known of a file's text: all of it, or the runs of lines that the client has shown."""

from collections.abc import Iterable

from msgspec import Struct

from ollama_claude_proxy.translate.tools.edits.file_calls import Edit


class Run(Struct, frozen=True):
    """Lines that follow each other; `first` is the number of the first one."""

    first: int
    text: str

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + self.text.count("\n")

    def line_of(self, position: int) -> int:
        """Return the number of the line at a position of the text."""
        return self.first + self.text.count("\n", 0, position)


class KnownFile(Struct, frozen=True):
    """The runs of a file that are known, by their lines.

    `is_partial` tells that lines between, before or behind them are not known.
    """

    runs: tuple[Run, ...]
    is_partial: bool = False

    def edited(self, edit: Edit) -> "KnownFile | None":
        """Return the file after an edit that the client made; None if that cannot be followed."""
        counts = [run.text.count(edit.old) for run in self.runs] if edit.old else []
        if edit.replace_all and not self.is_partial and any(counts):
            (run,) = self.runs
            return KnownFile((Run(run.first, run.text.replace(edit.old, edit.new)),))
        if edit.replace_all or sum(counts) != 1:
            return None
        index = counts.index(1)
        if not edit.new and f"{edit.old}\n" in self.runs[index].text and edit.old[-1] != "\n":
            return None  # Claude Code deletes the end of the line, too; others do not
        moved = edit.new.count("\n") - edit.old.count("\n")
        changed = Run(self.runs[index].first, self.runs[index].text.replace(edit.old, edit.new))
        later = (Run(run.first + moved, run.text) for run in self.runs[index + 1 :])
        return KnownFile((*self.runs[:index], changed, *later), self.is_partial)

    def with_runs(self, shown: Iterable[Run]) -> "KnownFile":
        """Return what is known after further lines were shown; what is shown last is right."""
        runs = list(self.runs)
        for new in shown:
            runs = [piece for run in runs for piece in _outside(run, new)]
            runs = _joined(sorted([*runs, new], key=lambda run: run.first))
        return KnownFile(tuple(runs), is_partial=True)


def whole_file(text: str) -> KnownFile:
    """Return a file of which all is known."""
    return KnownFile((Run(1, text),))


def _outside(run: Run, new: Run) -> list[Run]:
    """Return what of a run lies before and behind a newer one."""
    if run.last < new.first or run.first > new.last:
        return [run]
    lines = run.text.split("\n")
    pieces: list[Run] = []
    if run.first < new.first:
        pieces.append(Run(run.first, "\n".join(lines[: new.first - run.first])))
    if run.last > new.last:
        pieces.append(Run(new.last + 1, "\n".join(lines[new.last + 1 - run.first :])))
    return pieces


def _joined(runs: list[Run]) -> list[Run]:
    """Return runs where those that touch each other are one."""
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1].last + 1 == run.first:
            joined[-1] = Run(joined[-1].first, f"{joined[-1].text}\n{run.text}")
        else:
            joined.append(run)
    return joined
