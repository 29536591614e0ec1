"""The parts of edit repair by themselves: any text, any file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.translate.tools.edits.file_calls import Edit
from ollama_claude_proxy.translate.tools.edits.known_file import KnownFile, Run, whole_file
from ollama_claude_proxy.translate.tools.edits.locating import locate
from ollama_claude_proxy.translate.tools.edits.near import distance
from ollama_claude_proxy.translate.tools.edits.numbered_lines import parse_numbered
from ollama_claude_proxy.translate.tools.edits.shell_commands import could_write
from ollama_claude_proxy.translate.tools.edits.spelling import columns, plain_line
from support.file_session import numbered

_LETTERS = "ab xy\t\n\n  \"'“”’—-<>&;\\nlt12→\u200b\u00a0\r(["  # noqa: RUF001  # slips
TEXTS = st.text(alphabet=_LETTERS, max_size=60)


@given(text=TEXTS, old=TEXTS, new=TEXTS, every=st.booleans())
@settings(max_examples=600)
def test_what_is_put_in_stands_in_the_file(text: str, old: str, new: str, *, every: bool) -> None:
    located = locate(whole_file(text), Edit(old, new, every))
    if located.finding == "replaced":
        assert located.edit.old in text
        assert old not in f"{text}\n"
        assert every or text.count(located.edit.old) == 1
    else:
        assert located.edit == Edit(old, new, every)
    for place in located.places:
        assert place.span.start <= place.span.end <= len(text) + 1


@given(TEXTS, st.integers(0, 60), st.integers(1, 60), TEXTS)
@settings(max_examples=400)
def test_what_occurs_is_never_touched(text: str, start: int, size: int, new: str) -> None:
    old = text[start : start + size]
    if old:
        located = locate(whole_file(text), Edit(old, new))
        assert located.finding in {"as written", "several"}
        assert located.edit == Edit(old, new)


@given(st.text(alphabet=_LETTERS.replace("\n", ""), max_size=40))
def test_each_character_of_a_spelling_has_its_place(line: str) -> None:
    plain, places = plain_line(line), columns(line)
    assert len(plain) == len(places)
    assert places == sorted(set(places))
    for character, place in zip(plain, places, strict=True):
        assert plain_line(f"x{line[place]}x") == f"x{character}x"


@given(st.text(alphabet="abc", max_size=12), st.text(alphabet="abc", max_size=12))
def test_the_distance_is_that_of_the_table(one: str, other: str) -> None:
    row = list(range(len(other) + 1))
    for up, character in enumerate(one, 1):
        before, row = row, [up]
        for at, theirs in enumerate(other):
            row.append(min(before[at] + (character != theirs), before[at + 1] + 1, row[at] + 1))
    assert distance(one, other) == row[-1]


@given(st.text(alphabet="ab1\t →:\n"), st.integers(1, 99999))
def test_numbered_lines_are_read_as_they_were(text: str, first: int) -> None:
    assert parse_numbered(numbered(text, first)) == (Run(first, text),)


@pytest.mark.parametrize("text", ["", "no numbers", "1\ta\n3\tb", "1\ta\nb\n2\tc", "x\n1\ta"])
def test_what_is_not_numbered_is_not_known(text: str) -> None:
    assert parse_numbered(text) == ()


def test_a_line_that_was_cut_off_is_not_known() -> None:
    cut = "x" * 2000 + "... [truncated]"
    assert parse_numbered(numbered(f"a\nb\n{cut}\nc")) == (Run(1, "a\nb"), Run(4, "c"))


def test_newer_lines_replace_older_ones() -> None:
    known = KnownFile((Run(1, "a\nb\nc"), Run(9, "i")), is_partial=True)
    assert known.with_runs([Run(3, "C\nD")]).runs == (Run(1, "a\nb\nC\nD"), Run(9, "i"))
    assert known.with_runs([Run(2, "B")]).runs == (Run(1, "a\nB\nc"), Run(9, "i"))
    moved = known.edited(Edit("b", "b\nb2"))
    assert moved is not None
    assert moved.runs == (Run(1, "a\nb\nb2\nc"), Run(10, "i"))


@pytest.mark.parametrize(
    "command",
    [
        "ls -la && cat a.py | head -3",
        "cd /srv; git status --short 2>/dev/null",
        "grep -rn 'a > b' src || true",
        "find . -name '*.py' | sort | wc -l",
        "sed -n 1,5p a.py",
        "uv run pytest -q tests/test_a.py 2>&1 | tail -5",
        "PYTHONPATH=src timeout 60 python -m pytest",
        "npm test",
        "python --version",
        "",
    ],
)
def test_commands_that_only_read(command: str) -> None:
    assert not could_write(command)


@pytest.mark.parametrize(
    "command",
    [
        "echo x > a.py",
        "echo x >> a.py",
        "cat a.py | tee b.py",
        "sed -i s/a/b/ a.py",
        "ls; rm a.py",
        "find . -delete",
        "python fix.py",
        "ruff check --fix .",
        "ruff format",
        "git checkout a.py",
        "make",
        "echo $(rm a.py)",
        "cat <<EOF > a.py\nx\nEOF",
        "pytest -q\nblack .",
        "echo 'open",
        "(cd a && ls)",
    ],
)
def test_commands_that_could_write(command: str) -> None:
    assert could_write(command)
