"""What happened in turns that left a prompt, told by rules: no model is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ollama_claude_proxy.sessions.recall.account import FILE_KINDS, account, fitting_lines
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import (
    ToolReferenceBlock,
    ToolResultBlock,
)
from ollama_claude_proxy.wire.reminder import DIGEST_START

# Characters a token, a little low: a digest is paths and commands.
_CHARACTERS_PER_TOKEN = 3
_MAX_TOKENS = 1000
# Of the first line and the tags.
_FRAME_CHARACTERS = 140
# Of files in one folder; the line of a large folder as a whole would find no room.
_NAMES_PER_LINE = 8


def max_digest_tokens(budget: int) -> int:
    """Return how many tokens of a budget a digest may have."""
    return min(_MAX_TOKENS, budget // 10)


def write_digest(left: Sequence[Message], tokens: int, summary: str = "") -> str:
    """Tell what happened in messages that left, in so many tokens at most: the newest of each kind.

    Without tokens there is only the first line. A `summary` tells of what left before them, and has
    its own length.
    """
    parts = [f"{DIGEST_START} {len(left)} messages. What is needed of them can be read again."]
    if summary:
        parts = [f"{DIGEST_START} in short:\n{summary}\nBehind that {len(left)} further messages."]
    kinds = _compact(account(left)) if tokens else {}
    rooms = _share_room(kinds, tokens * _CHARACTERS_PER_TOKEN - _FRAME_CHARACTERS)
    told = ((title, fitting_lines(kinds[title], rooms[title])) for title in kinds)
    parts += (f"{title}:\n{lines}" for title, lines in told if lines)
    return "\n".join(parts) + "\n</system-reminder>"


def found_tools(left: Iterable[Message]) -> list[str]:
    """Return the names of the tools that were found in messages that left, each once."""
    references = (
        block.tool_name
        for result in _results(left)
        for block in result.content
        if isinstance(block, ToolReferenceBlock)
    )
    return list(dict.fromkeys(references))


def _compact(kinds: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return an account with the files of a folder on one line."""
    return {
        title: [f"- {line}" for line in (_by_folder(lines) if title in FILE_KINDS else lines)]
        for title, lines in kinds.items()
    }


def _by_folder(paths: Iterable[str]) -> list[str]:
    """Return the names of files behind their folder, so that it is said once."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, slash, name = path.rpartition("/")
        names = folders.pop(folder + slash, [])  # the folder that was used last stands last
        names.append(name)
        folders[folder + slash] = names
    return [
        f"{folder}{', '.join(names[start : start + _NAMES_PER_LINE])}"
        for folder, names in folders.items()
        for start in range(0, len(names), _NAMES_PER_LINE)
    ]


def _share_room(kinds: Mapping[str, Sequence[str]], room: int) -> dict[str, int]:
    """Share some characters among kinds: what one does not need goes to those that need more."""
    needed = {title: sum(len(line) + 1 for line in lines) for title, lines in kinds.items()}
    room -= sum(len(title) + 2 for title in kinds)
    rooms: dict[str, int] = {}
    for number, title in enumerate(sorted(needed, key=lambda title: needed[title])):
        rooms[title] = min(needed[title], max(room, 0) // (len(needed) - number))
        room -= rooms[title]
    return rooms


def _results(messages: Iterable[Message]) -> Iterator[ToolResultBlock]:
    for message in messages:
        yield from (block for block in message.content if isinstance(block, ToolResultBlock))
