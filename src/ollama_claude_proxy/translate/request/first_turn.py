"""The first turn, put in order so that sessions share as much of it as they can.

What a model was shown before is not read again, up to the first difference. Claude Code puts a
project's path into the middle of the instructions, and 2,000 tokens that are mostly constant behind
the user's first words. Here the same things are said once, in the order in which they differ:

    instructions, without what is about one project
    reminders that are the same everywhere
    the message about the environment: which tools, agents and skills there are
    what is about the project: its folders, CLAUDE.md
    the state of git
    what the user said
    an account of the turns that left the prompt
"""

import re
from enum import IntEnum

from ollama_claude_proxy.wire.reminder import LEFT_OUT, REMINDER

_PROJECT_PATH = re.compile(r"[/\\]\.claude[/\\]projects[/\\]")
_HEADING = re.compile(r"^# \S", re.MULTILINE)
_FENCE = re.compile(r"^```", re.MULTILINE)


class Piece(IntEnum):
    """The kinds of pieces of a first turn, in the order in which they are said."""

    EVERYWHERE = 0
    ENVIRONMENT = 1
    PROJECT = 2
    GIT = 3
    PROMPT = 4
    LEFT_OUT = 5


def kind_of(text: str) -> Piece:
    """Tell what a text of the first message is about."""
    if not text.lstrip().startswith(REMINDER):
        return Piece.PROMPT
    if text.startswith(LEFT_OUT):
        return Piece.LEFT_OUT
    if "# gitStatus" in text or "git status at the start" in text:
        return Piece.GIT
    if "Attribution for git commits" in text:
        return Piece.EVERYWHERE
    return Piece.PROJECT


def parted(environment: str) -> list[tuple[Piece, str]]:
    """Part the message about the environment: its first paragraph names the working directory."""
    first, _, rest = environment.partition("\n\n")
    if not rest or "working directory" not in first.lower():
        return [(Piece.ENVIRONMENT, environment)]
    return [(Piece.ENVIRONMENT, rest), (Piece.PROJECT, first)]


def without_project(instructions: str) -> tuple[str, str]:
    """Take the section about the project's own folder out of the instructions; give both.

    A section goes from its heading (`# Memory`) to the next. Where the path stands in none,
    everything stays.
    """
    path = _PROJECT_PATH.search(instructions)
    if path is None:
        return instructions, ""
    headings = [found.start() for found in _HEADING.finditer(instructions)]
    headings = [at for at in headings if len(_FENCE.findall(instructions, 0, at)) % 2 == 0]
    begin = max((at for at in headings if at < path.start()), default=None)
    if begin is None:
        return instructions, ""
    end = min((at for at in headings if at > path.start()), default=len(instructions))
    section = instructions[begin:end].strip()
    rest = f"{instructions[:begin].rstrip()}\n\n{instructions[end:].lstrip()}".strip()
    return rest, section
