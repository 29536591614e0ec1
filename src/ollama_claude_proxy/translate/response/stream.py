"""The lines of a `/api/chat` stream become the events of an Anthropic answer.

`start()`, then `feed(line)` for each line, then `finish()` or `fail(error)`; each returns events
and together they keep the grammar of `blocks.py`. What Ollama does that forces the code:

* Calls come one per line as they complete, several in one line, or all in the `done` line. A parser
  that was cut off by `num_predict` may pass on a call with half its arguments (`rm -rf /tmp/x`
  becomes `rm -rf /`), so a call waits until the next line proves that the model wrote on, or the
  `done` line says that it was not cut.
* A stream may end with neither `done` nor an error: that is a failure, not an end.
* An answer whose tokens were spent but that shows nothing is one that Ollama's parser lost.
"""

from collections.abc import Callable

from ollama_claude_proxy.errors import AnswerCutOff, OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.plan import Expectations
from ollama_claude_proxy.translate.response.blocks import BlockWriter
from ollama_claude_proxy.translate.response.stops import StopScanner
from ollama_claude_proxy.translate.response.usage import usage_of
from ollama_claude_proxy.wire.events import (
    ErrorEvent,
    Event,
    MessageDelta,
    MessageStart,
    MessageStop,
    StartedMessage,
    Stop,
    Usage,
    encode_json,
)
from ollama_claude_proxy.wire.ollama import ChatLine, ToolCall

# An end token and a little white space; with more the model did write something.
_TOKENS_OF_AN_EMPTY_ANSWER = 3
# Every token is a line, save some that join to one character; a lost call has more than these.
_TOKENS_WITHOUT_A_LINE = 8


class StreamTranslator:
    """Translates one answer. `over` becomes true when no further line is wanted."""

    def __init__(
        self,
        expectations: Expectations,
        *,
        message_id: str,
        model: str,
        prompt_tokens: int,
        new_tool_id: Callable[[], str],
    ) -> None:
        self._expectations = expectations
        self._message_id = message_id
        self._model = model
        self._prompt_tokens = prompt_tokens
        self._new_tool_id = new_tool_id
        self._blocks = BlockWriter()
        self._stops = StopScanner(expectations.stop_sequences)
        self._prefill = expectations.prefill
        self._blank = ""
        self._waiting: list[ToolCall] = []
        self._hidden: list[str] = []
        self._calls = 0
        self._lines = 0
        self._wrote = False
        self.done: ChatLine | None = None
        self.failure: OcpError | None = None
        self.over = False
        self.notes: list[str] = []

    @property
    def stopped(self) -> bool:
        """Whether a stop sequence ended the answer, so that Ollama need not go on."""
        return self._stops.found is not None

    @property
    def lines(self) -> int:
        """How many lines came, the last one included."""
        return self._lines

    def start(self) -> list[Event]:
        """Give `message_start`."""
        usage = Usage(input_tokens=self._prompt_tokens)
        return [MessageStart(StartedMessage(self._message_id, self._model, usage))]

    def feed(self, line: ChatLine) -> list[Event]:
        """Translate one line."""
        if self.over:
            return []
        self._lines += 1
        events: list[Event] = []
        if self._waiting and not line.done:
            events += self._release_calls()
        message = line.message
        if message is not None:
            if message.thinking:
                events += self._thinking(message.thinking)
            if message.content:
                events += self._text(message.content)
            if message.tool_calls:
                self._waiting += message.tool_calls
        if line.done:
            self.done = line
            self.over = True
        return events

    def finish(self) -> list[Event]:
        """End the answer; raises nothing: an answer that did not end becomes an error event."""
        if self.done is None and not self.stopped:
            return self.fail(AnswerCutOff(f"Ollama's answer ended after {self._lines} lines."))
        events = self._show(self._stops.flush())
        events += self._end_calls()
        if self._lost():
            tokens = self.done.eval_count if self.done else self._lines
            problem = f"The model wrote {tokens} tokens that Ollama could not read as an answer."
            return events + self.fail(ToolCallUnreadable(problem))
        self._note_lost_tokens()
        events += self._last_resort()
        events += self._blocks.close()
        usage = usage_of(self.done, estimated_input=self._prompt_tokens, lines=self._lines)
        return [*events, MessageDelta(self._stop(), usage), MessageStop()]

    def fail(self, error: OcpError) -> list[Event]:
        """Close the open block and say the error; nothing may follow."""
        self.over = True
        self.failure = error
        return [*self._blocks.close(), ErrorEvent(error.body()["error"])]

    def _thinking(self, piece: str) -> list[Event]:
        self._wrote = True
        if not self._expectations.thinking:
            self._hidden.append(piece)
            return []
        return self._blocks.thinking(piece)

    def _text(self, piece: str) -> list[Event]:
        if self._prefill:
            piece = self._without_prefill(piece)
        shown = self._show(self._stops.feed(piece))
        if self.stopped:
            self.over = True
        return shown

    def _without_prefill(self, piece: str) -> str:
        """Drop the given beginning where the native path repeats it."""
        if piece.startswith(self._prefill):
            piece, self._prefill = piece[len(self._prefill) :], ""
        elif self._prefill.startswith(piece):
            piece, self._prefill = "", self._prefill[len(piece) :]
        else:
            self._prefill = ""
        return piece

    def _show(self, text: str) -> list[Event]:
        """Write text; white space waits for what follows, so that no block is blank."""
        if not text:
            return []
        if not self._blocks.in_text:
            text, self._blank = self._blank + text, ""
            if text.isspace():
                self._blank = text
                return []
        self._wrote = True
        return self._blocks.text(text)

    def _release_calls(self) -> list[Event]:
        calls, self._waiting = self._waiting, []
        return [event for call in calls for event in self._call(call)]

    def _call(self, call: ToolCall) -> list[Event]:
        name, arguments = call.function.name, call.function.arguments
        if not name or not self._expectations.tool_names:
            self.notes.append(f"a call of {name!r} came though no such tool was offered")
            text = encode_json({"name": name, "arguments": arguments}).decode()
            return self._show(text)
        self._wrote = True
        self._blank = ""
        self._calls += 1
        return self._blocks.tool_use(self._new_tool_id(), name, arguments)

    def _end_calls(self) -> list[Event]:
        """Release the last calls, unless the answer was cut off while they were written."""
        if self._cut():
            if self._waiting:
                self.notes.append(f"{len(self._waiting)} calls dropped: cut off by the limit")
            self._waiting = []
        return self._release_calls()

    def _cut(self) -> bool:
        return self.done is None or self.done.done_reason == "length"

    def _lost(self) -> bool:
        if self._wrote or self._hidden or self.done is None or self._cut():
            return False
        return self.done.eval_count > _TOKENS_OF_AN_EMPTY_ANSWER and not self._blank

    def _note_lost_tokens(self) -> None:
        """Note tokens that were spent and never came: Ollama drops some calls it cannot read."""
        if self.done is None or self._calls or not self._expectations.tool_names:
            return
        missing = self.done.eval_count - self._lines
        if missing > _TOKENS_WITHOUT_A_LINE:
            self.notes.append(f"{missing} tokens did not come, perhaps a call that Ollama dropped")

    def _last_resort(self) -> list[Event]:
        """Show hidden thinking when there is nothing else, rather than swallow the answer."""
        if self._blocks.blocks or not self._hidden:
            return []
        self.notes.append("the answer was all thinking; it is shown as text")
        return self._blocks.text("".join(self._hidden))

    def _stop(self) -> Stop:
        if self.stopped:
            return Stop("stop_sequence", self._stops.found)
        if self._cut():
            return Stop("max_tokens")
        return Stop("tool_use" if self._calls else "end_turn")
