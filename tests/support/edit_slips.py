"""Edits of real files, as a model means them and as it writes them: with one kind of slip each."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path

_ROOT = Path(__file__).parent.parent.parent
_STDLIB = "argparse ast calendar configparser csv dataclasses difflib ftplib heapq imaplib inspect \
mailbox pathlib pdb shutil smtplib statistics subprocess tarfile textwrap tokenize turtle zipfile"
_MAX_LINES = 7


@dataclass(frozen=True)
class SlippedEdit:
    """What `text` shall become by `old` and `new`, and what the model wrote instead of them."""

    kind: str
    text: str
    old: str
    new: str
    written_old: str
    written_new: str

    @property
    def wanted(self) -> str:
        """The file after the edit that was meant."""
        return self.text.replace(self.old, self.new)

    @property
    def meanings(self) -> int:
        """How many places could be meant, by the words alone."""
        return f"\n{_words(self.text)}".count(f"\n{_words(self.old)}")


def real_files() -> list[str]:
    """Return the texts of files in several languages that every development environment has."""
    paths = [Path(get_path("stdlib")) / f"{name}.py" for name in _STDLIB.split()]
    paths += sorted((_ROOT / "docs").glob("*.md"))
    paths += sorted((_ROOT / "src" / "ollama_claude_proxy" / "engine").glob("*.py"))
    for package, pattern in (("mypyc", "lib-rt/*_ops.c"), ("importlinter", "ui/static/[is]*.*")):
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            paths += sorted(Path(folder).glob(pattern))
    texts = (path.read_text(encoding="utf-8", errors="ignore") for path in paths)
    return [text for text in texts if len(text) > 2000]


def slipped_edits(seed: int, count: int) -> Iterator[SlippedEdit]:
    """Return edits with slips, all kinds in turn; equal seeds give equal edits."""
    rng = random.Random(seed)  # no secret
    files = real_files()
    kinds = list(SLIPS)
    made = 0
    while made < count:
        kind = kinds[made % len(kinds)]
        edit = _slipped_edit(kind, rng.choice(files), rng)
        if edit is not None:
            made += 1
            yield edit


def _slipped_edit(kind: str, text: str, rng: random.Random) -> SlippedEdit | None:
    """Return one edit; None if its slip changes nothing, or leaves text that occurs."""
    prepare = _PREPARED.get(kind)
    text = text if prepare is None else prepare(text, rng)
    lines = text.split("\n")
    begin = rng.randrange(len(lines) - _MAX_LINES)
    old_lines = lines[begin : begin + rng.randint(1, _MAX_LINES)]
    old, new = "\n".join(old_lines), "\n".join(_changed(old_lines, rng))
    if not old.strip() or old == new or text.count(old) != 1:
        return None
    written = SLIPS[kind]([old, new], begin + 1, rng)
    if written[0] == old or written[0] in text:
        return None
    return SlippedEdit(kind, text, old, new, *written)


def _changed(lines: Sequence[str], rng: random.Random) -> list[str]:
    """Return lines with a change such as people ask for."""
    changed = list(lines)
    index = rng.randrange(len(lines))
    line = lines[index]
    indent = line[: len(line) - len(line.lstrip())]
    match rng.randrange(4):
        case 0:
            changed[index] = re.sub(r"[A-Za-z]{3,}", "renamed", line, count=1)
        case 1:
            changed.insert(index, f"{indent}added_before(1)")
        case 2:
            changed.insert(index + 1, f"{indent}added_behind = 2")
        case _:
            changed[index] = f"{indent}replaced_by_this(3)"
    return changed


_Slip = Callable[[list[str], int, random.Random], list[str]]


def _each_line(change: Callable[[int, str], str]) -> _Slip:
    return lambda texts, first, _: [
        "\n".join(change(first + at, line) for at, line in enumerate(text.split("\n")))
        for text in texts
    ]


def _each_text(change: Callable[[str], str]) -> _Slip:
    return lambda texts, _first, _rng: [change(text) for text in texts]


def _shift(texts: list[str], _first: int, rng: random.Random) -> list[str]:
    indents = [
        len(line) - len(line.lstrip(" "))
        for text in texts
        for line in text.split("\n")
        if line.strip()
    ]
    by = rng.choice([-min(indents), 2, 4]) or 3

    def shifted(line: str) -> str:
        return line and (" " * by + line if by > 0 else line[-by:])

    return ["\n".join(map(shifted, text.split("\n"))) for text in texts]


def _to_tabs(line: str) -> str:
    width = len(line) - len(line.lstrip(" "))
    return "\t" * (width // 4) + line[width // 4 * 4 :]


def _typographic(text: str) -> str:
    text = re.sub(r'"([^"\n]*)"', "“\\1”", text)
    return re.sub(r"'([^'\n]*)'", "‘\\1’", text)  # noqa: RUF001  # the slip


def _to_plain(text: str) -> str:
    return text.translate(str.maketrans("“”‘’—", "\"\"''-"))  # noqa: RUF001  # the slip


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


SLIPS: dict[str, _Slip] = {
    "numbers and tabs": _each_line(lambda number, line: f"{number}\t{line}"),
    "numbers and arrows": _each_line(lambda number, line: f"{number:>6}→{line}"),
    "white space at ends": _each_line(lambda number, line: f"{line}{'  ' if number % 2 else ''}"),
    "ends without white space": _each_line(lambda _, line: line.rstrip()),
    "tabs for spaces": _each_line(lambda _, line: _to_tabs(line)),
    "spaces for tabs": _each_line(lambda _, line: line.replace("\t", "    ")),
    "shifted": _shift,
    "CRLF": _each_text(lambda text: text.replace("\n", "\r\n")),
    "typographic": _each_text(_typographic),
    "plain for typographic": _each_text(_to_plain),
    "escaped": _each_text(_escaped),
    "escaped quotes": _each_text(lambda text: text.replace('"', '\\"')),
    "entities": _each_text(_entities),
    "marks": _each_text(lambda text: text.replace("<", "<\u200b").replace("[", "[\u200b")),
}


def _with_space_at_ends(text: str, rng: random.Random) -> str:
    return "\n".join(f"{line}  " if rng.random() < 0.3 else line for line in text.split("\n"))


def _with_tabs(text: str, _rng: random.Random) -> str:
    return "\n".join(map(_to_tabs, text.split("\n")))


# What some kinds of slips need is put into the files.
_PREPARED: dict[str, Callable[[str, random.Random], str]] = {
    "ends without white space": _with_space_at_ends,
    "spaces for tabs": _with_tabs,
    "plain for typographic": lambda text, _: _typographic(text),
}


def _words(text: str) -> str:
    """Return the lines of a text without anything that a slip could change."""
    return "\n".join(map(str.strip, _to_plain(text).split("\n")))
