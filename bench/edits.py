"""Edits with slips: how many apply as they were meant, and how many are applied wrongly.

Each is one change to a real file that the client has shown, with two lines of context, as a model
may spoil it: by one habit of writing, or by two. The client applies what the repair lets through.
"""

import random
import statistics
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edit_habits import HABITS, Spoiled
from figure import Figure
from ollama_claude_proxy.translate.tools.edits.edit_repair import EditRepair
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock

_PATH = "/srv/project/file"
_CONTEXT_LINES = 2
_LAST_OF_FOUR = 3
_MAX_FILE_CHARACTERS = 60_000
_PACKAGES = ("asyncio", "concurrent", "email", "http", "importlib", "json", "logging", "unittest")
_MARK_APPLIED, _MARK_MILLISECONDS = 90, 1000


class Change(NamedTuple):
    """A change of a file, as it is meant."""

    text: str
    first_line: int
    old: str
    new: str


def edits(*, count: int, seed: int = 20) -> list[Figure]:
    """Measure edits of real files with slips, and the time that one takes in a file of 1 MB."""
    results: dict[bool, list[str]] = {True: [], False: []}
    for change, spoiled in _spoiled_changes(random.Random(seed), count):  # no secret
        results[_meanings(change) == 1].append(_outcome(change, spoiled))
    clear, wrong = results[True], [*results[True], *results[False]].count("wrong")
    wrong += results[False].count("applied")
    share = 100 * clear.count("applied") / len(clear)
    return [
        Figure(
            f"edits with slips, {len(clear)} of {count} with one meaning, applied",
            "%",
            {"ocp": share},
            mark=_MARK_APPLIED,
            higher_is_better=True,
            digits=1,
        ),
        Figure("… applied wrongly, or one of several places", "", {"ocp": wrong}, mark=0, digits=0),
        Figure(
            "an edit with a slip in a file of 1 MB",
            "ms",
            {"ocp": _milliseconds_of_a_megabyte()},
            mark=_MARK_MILLISECONDS,
            digits=0,
        ),
    ]


def _outcome(change: Change, spoiled: Spoiled) -> str:
    """Return what becomes of an edit in the client: `applied` as meant, `wrong` or `refused`."""
    call = ResolvedCall(
        "Edit", {"file_path": _PATH, "old_string": spoiled.old, "new_string": spoiled.new}
    )
    sent = EditRepair(_conversation(change.text)).repair(call).arguments
    if change.text.count(sent["old_string"]) != 1:
        return "refused"
    result = change.text.replace(sent["old_string"], sent["new_string"])
    return "applied" if result == change.text.replace(change.old, change.new) else "wrong"


def _conversation(text: str) -> list[Message]:
    lines = enumerate(text.split("\n"), 1)
    shown = TextBlock("\n".join(f"{number}\t{line}" for number, line in lines))
    return [
        Message("assistant", (ToolUseBlock("1", "Read", {"file_path": _PATH}),)),
        Message("user", (ToolResultBlock("1", (shown,)),)),
    ]


def _spoiled_changes(rng: random.Random, count: int) -> Iterator[tuple[Change, Spoiled]]:
    """Return changes, each spoiled by one habit, every fourth by two."""
    files = _files()
    made = 0
    while made < count:
        chosen = {made % len(HABITS)}
        if made % 4 == _LAST_OF_FOUR:
            chosen.add(rng.randrange(len(HABITS)))
        habits = [HABITS[index] for index in sorted(chosen)]
        text = rng.choice(files)
        for habit in habits:
            text = habit.prepare(text)
        change = _change(text, rng)
        spoiled = Spoiled(change.old, change.new, change.first_line)
        for habit in habits:
            spoiled = habit.spoil(spoiled)
        if change.text.count(change.old) == 1 and spoiled.old not in change.text:
            made += 1
            yield change, spoiled


def _change(text: str, rng: random.Random) -> Change:
    """Return a change of one word, or of one line that is put in or taken out, with its context."""
    lines = text.split("\n")
    at = rng.randrange(_CONTEXT_LINES, len(lines) - _CONTEXT_LINES - 1)
    begin, end = at - rng.randint(0, _CONTEXT_LINES), at + 1 + rng.randint(0, _CONTEXT_LINES)
    line = lines[at]
    words = [word for word in line.split() if word.isidentifier()]
    indent = line[: len(line) - len(line.lstrip())]
    changed = [line.replace(rng.choice(words), "another_word", 1)] if words else [f"{indent}put_in"]
    kind = rng.random()
    if kind < 0.2 and end - begin > 1:
        changed = []
    elif kind < 0.5:
        changed = [line, f"{indent}put_in = behind({at})"]
    old = "\n".join(lines[begin:end])
    return Change(
        text, begin + 1, old, "\n".join([*lines[begin:at], *changed, *lines[at + 1 : end]])
    )


def _files() -> list[str]:
    """Return C headers, Python modules and JSON that come with the interpreter and its packages."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    paths = sorted(Path(sysconfig.get_path("include")).glob("*.h"))
    paths += [path for package in _PACKAGES for path in sorted((stdlib / package).glob("*.py"))]
    packages = Path(sysconfig.get_path("purelib"))
    paths += sorted(packages.glob("jsonschema*/**/*.json"))
    texts = (path.read_text(encoding="utf-8", errors="ignore") for path in paths)
    return [text for text in texts if 1000 < len(text) < _MAX_FILE_CHARACTERS]


def _meanings(change: Change) -> int:
    """Return how many places have the same lines, all of them indented alike."""
    lines, old = change.text.split("\n"), change.old.split("\n")
    return sum(_is_alike(lines[at : at + len(old)], old) for at in range(len(lines) - len(old) + 1))


def _is_alike(lines: list[str], old: list[str]) -> bool:
    bare, old_bare = list(map(str.strip, lines)), list(map(str.strip, old))
    differences = {
        _width(line) - _width(other)
        for line, other in zip(lines, old, strict=True)
        if line.strip() and other.strip()
    }
    is_same = bare[:-1] == old_bare[:-1] and bare[-1].startswith(old_bare[-1])
    return is_same and len(differences) <= 1


def _width(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _milliseconds_of_a_megabyte() -> float:
    text = "".join(f"    value_{n} = compute({n}, 'x')\n" for n in range(30_000))
    call = ResolvedCall(
        "Edit",
        {"file_path": _PATH, "old_string": "value_700 = compute(700, “x”)", "new_string": "y = 1"},
    )
    times: list[float] = []
    for _ in range(3):
        repair = EditRepair(_conversation(text))
        started = time.perf_counter()
        repair.repair(call)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000
