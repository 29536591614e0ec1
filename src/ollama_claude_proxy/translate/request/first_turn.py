"""The first turn, sorted so that sessions share as much of it as they can.

Ollama's cache covers a prompt up to the first difference. Claude Code puts a project's path into
the middle of the instructions, and 2,000 tokens that are mostly constant after the user's first
words. Here the same parts are sent once, from the most to the least common:

    instructions, without what is about one project
    reminders that are the same everywhere
    the message about the environment: which tools, agents and skills there are
    what is about the project: its folders, CLAUDE.md
    the state of git
    the user's prompt
    a digest of the turns that left the prompt
"""

import re
from enum import IntEnum

from ollama_claude_proxy.wire.reminder import DIGEST_START, REMINDER_TAG

_PROJECT_PATH = re.compile(r"[/\\]\.claude[/\\]projects[/\\]")
_HEADING = re.compile(r"^# \S", re.MULTILINE)
_FENCE = re.compile(r"^```", re.MULTILINE)


class FirstTurnPart(IntEnum):
    """The kinds of parts of a first turn, in the order in which they are sent."""

    EVERYWHERE = 0
    ENVIRONMENT = 1
    PROJECT = 2
    GIT = 3
    PROMPT = 4
    LEFT_OUT = 5


def classify_part(text: str) -> FirstTurnPart:
    """Return which part of the first turn a text of the first message is."""
    if not text.lstrip().startswith(REMINDER_TAG):
        return FirstTurnPart.PROMPT
    if text.startswith(DIGEST_START):
        return FirstTurnPart.LEFT_OUT
    if "# gitStatus" in text or "git status at the start" in text:
        return FirstTurnPart.GIT
    if "Attribution for git commits" in text:
        return FirstTurnPart.EVERYWHERE
    return FirstTurnPart.PROJECT


def split_environment(environment: str) -> list[tuple[FirstTurnPart, str]]:
    """Split the message about the environment: its first paragraph names the working directory."""
    first, _, rest = environment.partition("\n\n")
    if not rest or "working directory" not in first.lower():
        return [(FirstTurnPart.ENVIRONMENT, environment)]
    return [(FirstTurnPart.ENVIRONMENT, rest), (FirstTurnPart.PROJECT, first)]


def extract_project_section(instructions: str) -> tuple[str, str]:
    """Return the instructions without the section about the project's own folder, and the section.

    A section reaches from its heading (`# Memory`) to the next. Without such a section, the
    instructions are returned as they are, and "".
    """
    path = _PROJECT_PATH.search(instructions)
    if path is None:
        return instructions, ""
    headings = [match.start() for match in _HEADING.finditer(instructions)]
    # a `#` inside a code fence is no heading
    headings = [start for start in headings if len(_FENCE.findall(instructions, 0, start)) % 2 == 0]
    begin = max((start for start in headings if start < path.start()), default=None)
    if begin is None:
        return instructions, ""
    end = min((start for start in headings if start > path.start()), default=len(instructions))
    section = instructions[begin:end].strip()
    rest = f"{instructions[:begin].rstrip()}\n\n{instructions[end:].lstrip()}".strip()
    return rest, section
