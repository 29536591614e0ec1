"""What happened in turns that left a prompt, said by rule: no model is asked."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ollama_claude_proxy.sessions.message_chain import Raw, blocks_of, source_of, text_of
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.reminder import LEFT_OUT, REMINDER

# Characters a token, a little low: a digest is paths and commands.
_CHARACTERS = 3
_MOST_TOKENS = 1000
_MOST_NAMED = 12
_LINE = 140

_ERROR = re.compile(
    r"^.*\b(?:\w*error|\w*exception|failed|fatal|panic):.*$", re.IGNORECASE | re.MULTILINE
)
_DECISION = re.compile(
    r"[^.!?\n]*\b(?:decid\w+|decision|chose|choose|agreed|instead of|because|let's use|we use)\b"
    r"[^.!?\n]*[.!?]?",
    re.IGNORECASE,
)
_WRITING = frozenset({"edit", "write", "multiedit", "notebookedit"})


def digest_tokens(budget: int) -> int:
    """Give how many tokens of a budget a digest may have."""
    return min(_MOST_TOKENS, budget // 10)


def digest(left: Sequence[Message], tokens: int, summary: str = "") -> str:
    """Tell of turns that left, in so many tokens at most: the newest of each kind.

    A `summary` tells of what left before them, and has its own length.
    """
    parts = [f"{LEFT_OUT} {len(left)} messages. What is needed of them can be read again."]
    if summary:
        parts = [f"{LEFT_OUT} in short:\n{summary}\nBehind that {len(left)} further messages."]
    kinds = {
        "The user asked": _requests(left),
        "Decisions": _decisions(left),
        "Files written": _files(left, writing=True),
        "Files read": _files(left, writing=False),
        "Commands": _commands(left),
        "Errors": _errors(left),
    }
    room = (tokens * _CHARACTERS - 140) // max(sum(map(bool, kinds.values())), 1)
    for name, lines in kinds.items():
        if lines:
            parts.append(f"{name}:\n" + "\n".join(_newest(lines, room - len(name) - 2)))
    return "\n".join(parts) + "\n</system-reminder>"


def found_tools(left: Sequence[Message]) -> list[str]:
    """Give the names of the tools that were found in turns that left, each once."""
    found: dict[str, None] = {}
    for block in _blocks(left):
        content = block.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") == "tool_reference":
                found[str(part.get("tool_name"))] = None
    return list(found)


def _blocks(messages: Iterable[Message], kind: str | None = None) -> Iterator[Raw]:
    for message in messages:
        for block in blocks_of(message):
            if kind is None or block.get("type") == kind:
                yield block


def _requests(left: Sequence[Message]) -> list[str]:
    texts = (
        text_of(block) for one in left if one.role == "user" for block in _blocks([one], "text")
    )
    return [text for text in texts if text.strip() and not text.lstrip().startswith(REMINDER)]


def _decisions(left: Sequence[Message]) -> list[str]:
    texts = (text_of(block) for block in _blocks(left, "text"))
    return [found for text in texts if REMINDER not in text for found in _DECISION.findall(text)]


def _files(left: Sequence[Message], *, writing: bool) -> list[str]:
    calls = _blocks(left, "tool_use")
    files = [
        str(given.get("file_path") or given.get("path") or "")
        for call in calls
        if isinstance(given := call.get("input"), dict)
        and (str(call.get("name", "")).lower() in _WRITING) == writing
    ]
    return [file for file in files if file]


def _commands(left: Sequence[Message]) -> list[str]:
    calls = _blocks(left, "tool_use")
    return [
        source_of(call).partition(" ")[2]
        for call in calls
        if isinstance(given := call.get("input"), dict) and "command" in given
    ]


def _errors(left: Sequence[Message]) -> list[str]:
    return [
        line for block in _blocks(left, "tool_result") for line in _ERROR.findall(text_of(block))
    ]


def _newest(lines: Iterable[str], room: int) -> list[str]:
    """Give the newest lines that fit into some characters, each once, in their order."""
    known = [" ".join(line.split())[:_LINE] for line in lines]
    newest: list[str] = []
    for line in reversed(list(dict.fromkeys(reversed(known)))[::-1][-_MOST_NAMED:]):
        room -= len(line) + 3
        if room < 0:
            break
        newest.append(f"- {line}")
    return newest[::-1]
