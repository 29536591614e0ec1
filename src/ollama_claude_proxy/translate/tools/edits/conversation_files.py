"""The files that a conversation knows: what was read, with what was written and edited since.

Built from the messages as the client sent them, not from the prompt, so that what left the prompt
is known, too. A file is looked for when a call needs it, in one pass over the messages.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from posixpath import join, normpath

from msgspec import Struct

from ollama_claude_proxy.translate.tools.edits.file_calls import FileCall, file_call
from ollama_claude_proxy.translate.tools.edits.known_file import KnownFile, whole_file
from ollama_claude_proxy.translate.tools.edits.numbered_lines import parse_numbered
from ollama_claude_proxy.translate.tools.edits.shell_commands import (
    ScriptText,
    could_write,
    no_script,
)
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import Block, TextBlock, ToolResultBlock, ToolUseBlock

_WORKING_DIRECTORY = re.compile(r"working directory:[ \t]*`?(/[^\n`]*)", re.IGNORECASE)
_SHELLS = frozenset({"Bash", "bash", "PowerShell", "KillShell"})
# These start other agents, which change files as they like.
_AGENTS = frozenset({"Agent", "Task", "Workflow", "Skill"})
_ERROR_BEGINNINGS = ("<tool_use_error>", "Error")
_UNCHANGED = "unchanged since"
_CHANGED = "was modified"
_CHANGED_SINCE = "modified since"
# Where a limit is not given, so many lines may be the beginning of more.
_MAX_READ_LINES = 2000


class Answered(Struct, frozen=True):
    """A call with its result, as a text."""

    call: ToolUseBlock
    text: str
    failed: bool


class ConversationFiles:
    """The files and paths of a conversation."""

    def __init__(self, messages: Sequence[Message], system: Sequence[Block] = ()) -> None:
        self._messages = messages
        self._system = system
        self._files: dict[str, KnownFile | None] = {}
        self._is_stale = False

    @cached_property
    def working_directory(self) -> str:
        """The folder in which the client works; empty if it is not told."""
        for block in (*self._system, *self._client_blocks()):
            match = _WORKING_DIRECTORY.search(block.text) if isinstance(block, TextBlock) else None
            if match is not None:
                return normpath(match[1].strip())
        return ""

    @cached_property
    def answered_calls(self) -> tuple[Answered, ...]:
        """All calls that have a result, in the order of the results."""
        return tuple(item for item in self._events if isinstance(item, Answered))

    def resolve(self, path: str) -> str:
        """Return a path in the form by which files are compared."""
        folder = self.working_directory
        return normpath(path if path.startswith("/") or not folder else join(folder, path))

    def known_file(self, path: str) -> KnownFile | None:
        """Return what is known of a file; None if nothing is, or a command may have changed it."""
        key = self.resolve(path)
        if self._is_stale:
            return None
        if key not in self._files:
            self._files[key] = self._follow(key)
        return self._files[key]

    def note_call(self, call: ToolUseBlock) -> None:
        """Take into account a call that the client is about to make."""
        made = Answered(call, "", failed=False)
        known_call = file_call(call.name, call.input)
        if _could_change_any(made, no_script):
            self._is_stale = True
        elif known_call is not None and known_call.action != "read":
            key = self.resolve(known_call.path)
            self._files[key] = _after(self.known_file(key), known_call, made)

    def texts(self) -> Iterator[str]:
        """Return what the client itself sent: its texts and the results of calls that worked."""
        for item in (*self._system, *self._events):
            if isinstance(item, Answered):
                if not item.failed:
                    yield item.text
            elif isinstance(item, TextBlock):
                yield item.text

    def occurs_outside_reads(self, text: str) -> bool:
        """Whether a text stands in the result of another call than a read."""
        return any(
            text in answered.text
            for answered in self.answered_calls
            if not _is_read(answered.call) and not answered.failed
        )

    @cached_property
    def _events(self) -> tuple[Answered | TextBlock, ...]:
        """The client's texts and the calls with their results, in order."""
        calls: dict[str, ToolUseBlock] = {}
        events: list[Answered | TextBlock] = []
        for message in self._messages:
            for block in message.content:
                if isinstance(block, ToolUseBlock):
                    calls[block.id] = block
                elif isinstance(block, ToolResultBlock):
                    if block.tool_use_id in calls:
                        events.append(_answered(calls[block.tool_use_id], block))
                elif isinstance(block, TextBlock) and message.role != "assistant":
                    events.append(block)
        return tuple(events)

    def _client_blocks(self) -> Iterator[Block]:
        return (block for m in self._messages if m.role != "assistant" for block in m.content)

    def _follow(self, key: str) -> KnownFile | None:
        known: KnownFile | None = None
        before_command: KnownFile | None = None
        scripts = _Scripts(self.resolve)
        for event in self._events:
            if isinstance(event, Answered):
                scripts.add(event)
            if isinstance(event, TextBlock):
                if _CHANGED in event.text and key in event.text:
                    known = before_command = None
            elif _could_change_any(event, scripts.text_of):
                before_command, known = known or before_command, None
            elif (call := file_call(event.call.name, event.call.input)) is None:
                if _names(event.call, key):
                    before_command, known = known or before_command, None
            elif self.resolve(call.path) == key:
                if call.action == "read" and _UNCHANGED in event.text[:200]:
                    known = known or before_command
                else:
                    known = _after(known, call, event)
        return known


class _Scripts:
    """All that files were seen to have in them, by their paths: read, written and put in."""

    def __init__(self, resolve: Callable[[str], str]) -> None:
        self._resolve = resolve
        self._texts: dict[str, list[str]] = {}

    def add(self, event: Answered) -> None:
        call = file_call(event.call.name, event.call.input)
        if call is None or event.failed:
            return
        seen = event.text if call.action == "read" and not call.is_part else call.content
        key = self._resolve(call.path)
        if seen:
            self._texts[key] = [seen]
        elif key in self._texts:
            self._texts[key] += [edit.new for edit in call.edits]

    def text_of(self, path: str) -> str | None:
        """Return the text of the only file that a command can mean by a path."""
        ending = f"/{path.removeprefix('./')}"
        meant = {key for key in self._texts if key.endswith(ending)} | {self._resolve(path)}
        texts = [self._texts[key] for key in meant if key in self._texts]
        return "\n".join(texts[0]) if len(texts) == 1 else None


def _answered(call: ToolUseBlock, result: ToolResultBlock) -> Answered:
    text = "\n".join(block.text for block in result.content if isinstance(block, TextBlock))
    failed = bool(result.is_error) or (
        result.is_error is None and text.startswith(_ERROR_BEGINNINGS)
    )
    return Answered(call, text, failed)


def _after(known: KnownFile | None, call: FileCall, event: Answered) -> KnownFile | None:
    """Return what is known of a file after a call of it."""
    if event.failed:
        return None if _CHANGED_SINCE in event.text else known
    if call.action == "read":
        return _after_read(known, call, event.text)
    if call.action == "write":
        return whole_file(call.content)
    if call.action == "other":
        return None
    for edit in call.edits:
        known = known.edited(edit) if known is not None else None
    return known


def _after_read(known: KnownFile | None, call: FileCall, text: str) -> KnownFile | None:
    runs = parse_numbered(text)
    if not runs:
        return None
    is_whole = not call.is_part and len(runs) == 1 and runs[0].first == 1
    if is_whole and runs[0].last != _MAX_READ_LINES:
        return KnownFile(runs)
    return (known or KnownFile((), is_partial=True)).with_runs(runs)


def _is_read(call: ToolUseBlock) -> bool:
    known = file_call(call.name, call.input)
    return known is not None and known.action == "read"


def _could_change_any(event: Answered, script_text: ScriptText) -> bool:
    if event.call.name in _AGENTS:
        return True
    command = str(event.call.input.get("command", ""))
    return event.call.name in _SHELLS and could_write(command, script_text)


def _names(call: ToolUseBlock, key: str) -> bool:
    """Whether a call of another tool that may write names the file."""
    return call.name.startswith("mcp__") and key.rpartition("/")[2] in str(call.input)
