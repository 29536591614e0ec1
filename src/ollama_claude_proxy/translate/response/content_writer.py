"""The way out: what a model wrote becomes blocks, whichever request of an answer brought it."""

from collections.abc import Callable

from ollama_claude_proxy.translate.control_tokens import Restoring
from ollama_claude_proxy.translate.request.plan import Expectations
from ollama_claude_proxy.translate.response.block_writer import BlockWriter
from ollama_claude_proxy.translate.response.call_writer import CallWriter
from ollama_claude_proxy.translate.response.structured_output import Structure
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.wire.events import Event


class Outlet:
    """Writes the blocks of one answer; every method returns the events that it takes.

    `wrote` says whether the client was given anything but thinking, `seen` what text it was given,
    and `hidden` what was thought that it did not want to see.
    """

    def __init__(self, expectations: Expectations, new_tool_id: Callable[[], str]) -> None:
        self.blocks = BlockWriter()
        self.calls = CallWriter(expectations, self.blocks, new_tool_id)
        self.notes: list[str] = self.calls.notes
        self.wrote = False
        self.seen: list[str] = []
        self.thoughts: list[str] = []
        self.hidden: list[str] = []
        self.structure = (
            Structure(expectations.structure, enforced=expectations.enforced)
            if expectations.structure is not None
            else None
        )
        self._thinking = expectations.thinking
        self._restoring = Restoring(expectations.inert)
        self._inert = expectations.inert
        self._blank = ""

    @property
    def blank(self) -> bool:
        """Whether white space waits for what follows."""
        return bool(self._blank)

    def text(self, text: str) -> list[Event]:
        """Write text; white space waits for what follows, so that no block is blank."""
        if self.structure is not None and text:
            self.wrote = self.wrote or not text.isspace()
            text = self.structure.feed(text)
        return self._text(text) if text else []

    def call(self, call: Call) -> list[Event]:
        """Write a call."""
        events = self._text(self.structure.release()) if self.structure is not None else []
        self.wrote = True
        self._blank = ""
        return events + self.calls.write(call)

    def thinking(self, piece: str) -> list[Event]:
        """Write thinking, if the client wants to see it."""
        self.thoughts.append(piece)
        if not self._thinking:
            self.hidden.append(piece)
            return []
        return self.blocks.thinking(self._inert.restore(piece))

    def released(self, text: str) -> list[Event]:
        """Write text that was held back until it was checked."""
        if self.structure is not None:
            self.structure.release()
        return self._text(text)

    def last_resort(self) -> list[Event]:
        """Show hidden thinking when there is nothing else, rather than swallow the answer."""
        if self.blocks.blocks or not self.hidden:
            return []
        self.notes.append("the answer was all thinking; it is shown as text")
        return self.blocks.text(self._inert.restore("".join(self.hidden)))

    def _text(self, text: str) -> list[Event]:
        text = self._restoring.feed(text)
        if not text:
            return []
        if not self.blocks.in_text:
            text, self._blank = self._blank + text, ""
            if text.isspace():
                self._blank = text
                return []
        self.wrote = True
        self.seen.append(text)
        return self.blocks.text(text)
