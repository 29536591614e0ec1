"""What happened in turns that left a prompt, told by rules: no model is asked."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ollama_claude_proxy.sessions.block_text import (
    block_text,
    call_subject,
    is_reminder,
)
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import (
    TextBlock,
    ToolReferenceBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ollama_claude_proxy.wire.reminder import DIGEST_START, REMINDER_TAG

# Characters a token, a little low: a digest is paths and commands.
_CHARACTERS_PER_TOKEN = 3
_MAX_TOKENS = 1000
_MAX_LINES = 12
_MAX_LINE_CHARACTERS = 140
# Of the first line and the tags.
_FRAME_CHARACTERS = 140

_ERROR = re.compile(
    r"^.*\b(?:\w*error|\w*exception|failed|fatal|panic):.*$", re.IGNORECASE | re.MULTILINE
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_DECISION = re.compile(
    r"\b(?:decid\w+|decision|chose|choose|agreed|instead of|because|let's use|we use)\b",
    re.IGNORECASE,
)
_WRITING_TOOLS = frozenset({"edit", "write", "multiedit", "notebookedit"})


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
    kinds = {name: lines for name, find in _KINDS.items() if tokens and (lines := find(left))}
    room = (tokens * _CHARACTERS_PER_TOKEN - _FRAME_CHARACTERS) // max(len(kinds), 1)
    for name, lines in kinds.items():
        parts.append(f"{name}:\n" + "\n".join(_newest(lines, room - len(name) - 2)))
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


def _requests(left: Iterable[Message]) -> list[str]:
    texts = (
        block.text
        for message in left
        if message.role == "user"
        for block in message.content
        if isinstance(block, TextBlock)
    )
    return [text for text in texts if text.strip() and not is_reminder(text)]


def _decisions(left: Iterable[Message]) -> list[str]:
    texts = (
        block.text
        for message in left
        for block in message.content
        if isinstance(block, TextBlock) and REMINDER_TAG not in block.text
    )
    # sentences first: to search a whole text for a sentence with a word takes quadratic time
    sentences = (sentence for text in texts for sentence in _SENTENCE.findall(text))
    return [sentence for sentence in sentences if _DECISION.search(sentence)]


def _written_files(left: Iterable[Message]) -> list[str]:
    return _files(left, writing=True)


def _read_files(left: Iterable[Message]) -> list[str]:
    return _files(left, writing=False)


def _files(left: Iterable[Message], *, writing: bool) -> list[str]:
    files = (
        str(call.input.get("file_path") or call.input.get("path") or "")
        for call in _calls(left)
        if (call.name.lower() in _WRITING_TOOLS) == writing
    )
    return [file for file in files if file]


def _commands(left: Iterable[Message]) -> list[str]:
    calls = (call for call in _calls(left) if "command" in call.input)
    return [call_subject(call).partition(" ")[2] for call in calls]


def _errors(left: Iterable[Message]) -> list[str]:
    return [line for result in _results(left) for line in _ERROR.findall(block_text(result))]


_KINDS: Mapping[str, Callable[[Sequence[Message]], list[str]]] = {
    "The user asked": _requests,
    "Decisions": _decisions,
    "Files written": _written_files,
    "Files read": _read_files,
    "Commands": _commands,
    "Errors": _errors,
}


def _calls(messages: Iterable[Message]) -> Iterator[ToolUseBlock]:
    for message in messages:
        yield from (block for block in message.content if isinstance(block, ToolUseBlock))


def _results(messages: Iterable[Message]) -> Iterator[ToolResultBlock]:
    for message in messages:
        yield from (block for block in message.content if isinstance(block, ToolResultBlock))


def _newest(lines: Iterable[str], room: int) -> list[str]:
    """Return the newest lines that fit into some characters, each once, in their order."""
    short = [" ".join(line.split())[:_MAX_LINE_CHARACTERS] for line in lines]
    unique = list(dict.fromkeys(reversed(short)))[::-1]  # each where it was said last
    newest: list[str] = []
    for line in reversed(unique[-_MAX_LINES:]):
        room -= len(line) + 3
        if room < 0:
            break
        newest.append(f"- {line}")
    return newest[::-1]
