"""The turns of a conversation that left its prompt, as texts that can be shown again."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from ollama_claude_proxy.sessions.block_text import (
    begins_turn,
    block_text,
    call_subject,
    is_reminder,
    is_request,
    user_text,
)
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolUseBlock


class EarlierTurns:
    """Messages that left, those from `start` to `end` of a conversation."""

    def __init__(self, messages: Sequence[Message], start: int, end: int) -> None:
        self._messages = messages
        self._start = start
        self._end = max(start, end)

    @property
    def messages(self) -> Sequence[Message]:
        """The messages that left."""
        return self._messages[self._start : self._end]

    @cached_property
    def requests(self) -> list[Passage]:
        """What the user asked, oldest first; pasted texts and all."""
        return [
            self.passage(index, text)
            for index in self._indexes()
            if is_request(self._messages[index])
            and (text := user_text(self._messages[index]).strip())
        ]

    @cached_property
    def statements(self) -> list[Passage]:
        """What the model said, oldest first."""
        return [
            self.passage(index, block.text)
            for index in self._indexes()
            if self._messages[index].role == "assistant"
            for block in self._messages[index].content
            if isinstance(block, TextBlock) and block.text.strip()
        ]

    @cached_property
    def calls(self) -> list[tuple[int, ToolUseBlock]]:
        """The calls that the model made, each with the number of its message."""
        return [
            (index, block)
            for index in self._indexes()
            for block in self._messages[index].content
            if isinstance(block, ToolUseBlock)
        ]

    def call_passage(self, index: int, call: ToolUseBlock) -> Passage:
        """Return a call as a passage."""
        return self.passage(index, block_text(call), call_subject(call))

    def passage(self, index: int, text: str, source: str = "") -> Passage:
        """Return a text of a message as a passage."""
        role = self._messages[index].role
        return Passage(index, self._turns[index], source, text, is_request=role == "user")

    def reply_to(self, index: int) -> Passage | None:
        """Return the model's last words on a request, of those that left."""
        said: Passage | None = None
        for later in range(index + 1, self._end):
            message = self._messages[later]
            if is_request(message):
                break
            texts = [block.text for block in message.content if isinstance(block, TextBlock)]
            text = "\n".join(texts).strip()
            if message.role == "assistant" and text:
                said = self.passage(later, text)
        return said

    def lines(self) -> Iterator[tuple[int, str, str]]:
        """Yield each line that left, with the number of its message and what it is about."""
        sources: dict[str, str] = {}
        for index in self._indexes():
            for block in self._messages[index].content:
                if isinstance(block, ToolUseBlock):
                    sources[block.id] = call_subject(block)
                source = sources.get(getattr(block, "tool_use_id", ""), "")
                text = block_text(block)
                if not is_reminder(text):
                    for line in text.splitlines():
                        yield index, source, line

    def _indexes(self) -> range:
        return range(self._start, self._end)

    @cached_property
    def _turns(self) -> list[int]:
        """The turn of each message, from 1, up to the last that left."""
        turn, turns = 1, []
        for index, message in enumerate(self._messages[: self._end]):
            if index:
                turn += begins_turn(message, self._messages[index - 1])
            turns.append(turn)
        return turns
