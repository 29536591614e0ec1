"""The form in which clients show a file: each line with its number before it.

Claude Code writes `12<tab>text`, older versions `    12→text`, some editors `12: text`. What
follows the last line, such as a reminder, has no number that continues the others.
"""

import re

from ollama_claude_proxy.translate.tools.edits.known_file import Run

_NUMBERED = re.compile(r"[ \t]*(\d{1,7})(?:\t|→|: )(.*)", re.DOTALL)
_BARE_NUMBER = re.compile(r"[ \t]*(\d{1,7})")  # an empty line whose tab was stripped
_ANY_PREFIX = re.compile(r"[ \t]*(\d{1,7})(?:\t|→|:[ \t]|[ \t]*\|[ \t]?)|[ \t]*(\d{1,7})[ \t]*$")
# Older versions of Claude Code cut lines off there.
_CUT_LINE_CHARACTERS = 2000
_CUT_MARK = "[truncated]"
_HEADING = "result of running `cat -n`"


def parse_numbered(text: str) -> tuple[Run, ...]:
    """Return the lines that a client showed; empty if the text is not of this form.

    A line that was cut off is left out, so that there may be more than one run.
    """
    lines = text.split("\n")
    if _HEADING in lines[0]:
        lines = lines[1:]
    numbered = _consecutive(lines)
    if numbered is None:
        return ()
    first, texts = numbered
    return _without_cut_lines(first, texts)


def strip_numbers(text: str) -> str:
    """Return a text without the numbers before its lines; unchanged if not all of them have one.

    The first line may have none: a call may begin in the middle of it.
    """
    _first, *others = text.split("\n")
    if any(line.strip() and _ANY_PREFIX.match(line) is None for line in others):
        return text
    return strip_numbers_where(text)


def strip_numbers_where(text: str) -> str:
    """Return a text without the numbers before those of its lines that have one."""
    return "\n".join(map(_without_number, text.split("\n")))


def _without_number(line: str) -> str:
    match = _ANY_PREFIX.match(line)
    return line if match is None else line[match.end() :]


def _consecutive(lines: list[str]) -> tuple[int, list[str]] | None:
    """Return the first number and the lines whose numbers follow each other.

    None if there are none, or if they end in another way than with an empty line.
    """
    first: int | None = None
    texts: list[str] = []
    for line in lines:
        match = _NUMBERED.fullmatch(line) or _BARE_NUMBER.fullmatch(line)
        expected = None if first is None else first + len(texts)
        if match is None or (expected is not None and int(match[1]) != expected):
            if line.strip():
                return None
            break
        if first is None:
            first = int(match[1])
        texts.append(match[2] if match.re is _NUMBERED else "")
    return None if first is None else (first, texts)


def _without_cut_lines(first: int, texts: list[str]) -> tuple[Run, ...]:
    runs: list[Run] = []
    begin = 0
    for index, text in enumerate([*texts, None]):
        is_cut = text is None or (len(text) >= _CUT_LINE_CHARACTERS and text.endswith(_CUT_MARK))
        if is_cut:
            if index > begin:
                runs.append(Run(first + begin, "\n".join(texts[begin:index])))
            begin = index + 1
    return tuple(runs)
