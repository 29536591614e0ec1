"""Writes what a model wrote as blocks, whichever request of an answer it came from."""

from collections.abc import Callable

from ollama_claude_proxy.translate.control_tokens import StreamRestorer
from ollama_claude_proxy.translate.request.plan import Expectations
from ollama_claude_proxy.translate.response.block_writer import BlockWriter
from ollama_claude_proxy.translate.response.call_writer import CallWriter
from ollama_claude_proxy.translate.response.structured_output import StructuredOutput
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.events import Event


class ContentWriter:
    """Writes the blocks of one answer; every method returns the events to send.

    `has_content`: the client got more than thinking. `texts` are the texts that it got, `thoughts`
    all thinking, and `hidden_thoughts` the thinking that it did not want to see.
    """

    def __init__(self, expectations: Expectations, new_tool_id: Callable[[], str]) -> None:
        self.blocks = BlockWriter()
        self.calls = CallWriter(expectations, self.blocks, new_tool_id)
        self.notes: list[str] = self.calls.notes
        self.has_content = False
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.hidden_thoughts: list[str] = []
        self.structure = (
            StructuredOutput(expectations.schema, enforced=expectations.schema_enforced)
            if expectations.schema is not None
            else None
        )
        self._shows_thinking = expectations.shows_thinking
        self._restorer = StreamRestorer(expectations.guard)
        self._guard = expectations.guard
        self._pending_space = ""

    @property
    def has_pending_space(self) -> bool:
        """Whether white space waits for what follows."""
        return bool(self._pending_space)

    def write_text(self, text: str) -> list[Event]:
        """Write text; white space waits for what follows, so that no block is blank."""
        if self.structure is not None and text:
            self.has_content = self.has_content or not text.isspace()
            text = self.structure.feed(text)
        return self._write_restored(text) if text else []

    def write_call(self, call: ResolvedCall) -> list[Event]:
        """Write a call."""
        events = (
            self._write_restored(self.structure.release()) if self.structure is not None else []
        )
        self.has_content = True
        self._pending_space = ""
        return events + self.calls.write(call)

    def write_thinking(self, piece: str) -> list[Event]:
        """Write thinking, if the client wants to see it."""
        self.thoughts.append(piece)
        if not self._shows_thinking:
            self.hidden_thoughts.append(piece)
            return []
        return self.blocks.write_thinking(self._guard.restore(piece))

    def write_checked_text(self, text: str) -> list[Event]:
        """Write text that was held back until it was checked."""
        if self.structure is not None:
            self.structure.release()
        return self._write_restored(text)

    def write_hidden_thinking(self) -> list[Event]:
        """Write hidden thinking as text if there is nothing else: no answer is empty."""
        if self.blocks.count or not self.hidden_thoughts:
            return []
        self.notes.append("the answer was only thinking; it is shown as text")
        return self.blocks.write_text(self._guard.restore("".join(self.hidden_thoughts)))

    def _write_restored(self, text: str) -> list[Event]:
        text = self._restorer.feed(text)
        if not text:
            return []
        if not self.blocks.in_text:
            text, self._pending_space = self._pending_space + text, ""
            if text.isspace():
                self._pending_space = text
                return []
        self.has_content = True
        self.texts.append(text)
        return self.blocks.write_text(text)
