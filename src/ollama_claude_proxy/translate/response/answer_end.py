"""Decides that an answer is at its end though the model writes on.

After a complete call the model can only wait for the result; what a small model writes then is an
invented result, or its instructions. So little of it is kept, and the generation ends. Before that,
it ends where the model goes round in circles; then `is_half` says that it was within something that
is of no use unless it is whole, a call or thinking.
"""

import re

from ollama_claude_proxy.translate.response.runaway import RECITAL, RunawayDetector
from ollama_claude_proxy.wire.chat import ChatChunk

# Visible characters: room for a sentence between two calls, and for closing tags.
GRACE_CHARS = 120

_VISIBLE = re.compile(r"\S")


class AnswerEnd:
    """Watches an answer; `is_reached` once it is over, and then `notes` has the reason.

    `tool_list` is the proxy's own text in the prompt.
    """

    def __init__(self, notes: list[str], tool_list: str = "") -> None:
        self._notes = notes
        self._written = RunawayDetector(tool_list)
        self._thinking = RunawayDetector()
        self._grace: int | None = None
        self.is_reached = False
        self.is_half = False

    def watch_thinking(self, text: str) -> str:
        """Return what of the thinking precedes the end."""
        return self._watch(self._thinking, text, is_half=True, in_call=False)

    def watch(self, text: str, *, in_call: bool) -> str:
        """Return what of the text precedes the end; `in_call`: it stands in an open call."""
        return self._watch(self._written, text, is_half=in_call, in_call=in_call)

    def watch_hidden(self, chunk: ChatChunk) -> None:
        """Watch what the backend's parser holds back: mostly a call that is still open."""
        message = chunk.message
        if chunk.logprobs and not (message and (message.content or message.thinking)):
            self.watch("".join(token.token for token in chunk.logprobs), in_call=True)

    def note_call(self) -> None:
        """Begin the grace: a call was complete."""
        self._grace = GRACE_CHARS

    @property
    def is_past_calls(self) -> bool:
        """Whether the calls were made, and more was written behind them than is kept."""
        return self._grace is not None and self._grace < 0

    def keep(self, text: str) -> str:
        """Return what is kept of a text: all of it, unless it stands behind a call."""
        if self._grace is None:
            return text
        for match in _VISIBLE.finditer(text):
            self._grace -= 1
            if self._grace < 0:
                self._reach("the model wrote on after its calls")
                return text[: match.start()]
        return text

    def _watch(self, detector: RunawayDetector, text: str, *, is_half: bool, in_call: bool) -> str:
        if self.is_reached:
            return ""
        reason = detector.feed(text, in_call=in_call)
        if reason is None:
            return text
        self.is_half = is_half and reason != RECITAL  # a list of tools may look like a call
        self._reach(reason)
        return text[: detector.end]

    def _reach(self, reason: str) -> None:
        if not self.is_reached:
            self.is_reached = True
            self._notes.append(f"the generation was ended: {reason}")
