"""The turns of a conversation that left its prompt, as texts that can be shown again."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from ollama_claude_proxy.sessions.block_text import (
    WRITING_TOOLS,
    begins_turn,
    block_text,
    call_subject,
    is_request,
    user_text,
)
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolUseBlock

# Returns what the user asked before a message.
RequestOf = Callable[[int], str]

# Characters of a request that only goes on with the one before.
_MAX_FOLLOW_UP = 400
_FOLLOW_UP = any_phrase("""
    no | nope | yes | yep | ok | okay | and | but | so | do (?:it|that|so) | fine | good | great
    right | actually | wait | sorry | hmm | then | better | rather | agreed | sure | go ahead
    please do
    nein | ja | gut | doch | also | dann | lieber | mach das | einverstanden
""")


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
    def said(self) -> list[Passage]:
        """What the user and the model said, oldest first."""
        return sorted((*self.requests, *self.statements), key=lambda passage: passage.message)

    @cached_property
    def calls(self) -> list[tuple[int, ToolUseBlock]]:
        """The calls that the model made, each with the number of its message."""
        return [
            (index, block)
            for index in self._indexes()
            for block in self._messages[index].content
            if isinstance(block, ToolUseBlock)
        ]

    def request_before(self, index: int) -> str:
        """Return what the user asked last before a message; empty where that is not known."""
        place = bisect_left(self.requests, index, key=lambda passage: passage.message)
        return self.requests[place - 1].text if place else ""

    def call_passage(self, index: int, call: ToolUseBlock) -> Passage:
        """Return a call as a passage."""
        return self.passage(index, block_text(call), call_subject(call))

    def passage(self, index: int, text: str, source: str = "") -> Passage:
        """Return a text of a message as a passage."""
        role = self._messages[index].role
        return Passage(index, self._turns[index], source, text, is_request=role == "user")

    def exchange_after(self, index: int, further: int = 0) -> Iterator[Passage]:
        """Yield what followed a message: the model's last words on it and what it wrote for it.

        So for each short answer of the user, who corrects and confirms in few words that tell
        nothing by themselves, and for `further` requests.
        """
        while self._start <= index < self._end:
            following = self._next_request(index)
            yield from self._work(index, following)
            if following >= self._end:
                break
            text = user_text(self._messages[following]).strip()
            further -= 1
            if further < 0 and not _is_follow_up(text):
                break
            yield self.passage(following, text)
            index = following

    def reply_to(self, index: int) -> list[Passage]:
        """Return the user's short reply to what the model said in a message, if that ended a turn.

        What the model offered was decided there.
        """
        following = index + 1
        if not self._start <= index < self._end - 1 or not is_request(self._messages[following]):
            return []
        text = user_text(self._messages[following]).strip()
        return [self.passage(following, text)] if 0 < len(text) <= _MAX_FOLLOW_UP else []

    def _work(self, start: int, end: int) -> Iterator[Passage]:
        """Yield the model's last words between two requests, and the files that it changed."""
        between = range(start + 1, end)
        said = (
            self.passage(later, text)
            for later in reversed(between)
            if self._messages[later].role == "assistant" and (text := _said(self._messages[later]))
        )
        yield from islice(said, 1)
        for later in between:
            for block in self._messages[later].content:
                if isinstance(block, ToolUseBlock) and block.name.lower() in WRITING_TOOLS:
                    yield self.call_passage(later, block)

    def _next_request(self, index: int) -> int:
        later = range(index + 1, self._end)
        return next((number for number in later if is_request(self._messages[number])), self._end)

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


def _said(message: Message) -> str:
    texts = (block.text for block in message.content if isinstance(block, TextBlock))
    return "\n".join(texts).strip()


def _is_follow_up(text: str) -> bool:
    return 0 < len(text) <= _MAX_FOLLOW_UP and _FOLLOW_UP.match(text) is not None
