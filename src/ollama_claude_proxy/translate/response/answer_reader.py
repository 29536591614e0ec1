"""One request's answer as the model chose to write it: thinking, text and calls."""

from collections.abc import Sequence

from ollama_claude_proxy.errors import AnswerCutOff, OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.plan import Ask, Plan
from ollama_claude_proxy.translate.response.content_writer import Outlet
from ollama_claude_proxy.translate.response.generated_text import RawText
from ollama_claude_proxy.translate.response.stop_sequences import StopScanner
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.translate.tools.reading.call_body import calls_of
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.reader import CallReader, Calls, Piece
from ollama_claude_proxy.wire.events import Event, encode_json
from ollama_claude_proxy.wire.ollama import ChatLine, ToolCall

# An end token and a little white space; with more the model did write something.
_TOKENS_OF_AN_EMPTY_ANSWER = 3
# Every token is a line, save some that join to one character; a lost call has more than these.
_TOKENS_WITHOUT_A_LINE = 8


class Answer:
    """Reads one answer; `chances` is how often Ollama may be asked again.

    After `finish()`, `ask` is what has to be asked for by itself, or `failure` what went wrong.
    """

    def __init__(self, plan: Plan, outlet: Outlet, chances: int) -> None:
        expectations = plan.expectations
        self._plan = plan
        self._expectations = expectations
        self._outlet = outlet
        self._chances = chances
        self._raw = RawText()
        self._stops = StopScanner(expectations.stop_sequences)
        self._reader = self._new_reader() if expectations.reads else None
        self._prefill = expectations.prefill
        self._before: list[str] = []
        self._waiting: list[ToolCall] = []
        self._lines = 0
        self._done: ChatLine | None = None
        self._unreadable: OcpError | None = None
        self.ask: Ask | None = None
        self.broken: Call | None = None
        self.failure: OcpError | None = None

    @property
    def over(self) -> bool:
        """Whether no further line is wanted."""
        return bool(self._done or self.stopped or self.ask or self._outlet.calls.enough)

    @property
    def stopped(self) -> str | None:
        """The stop sequence that ended the answer, so that Ollama need not go on."""
        return self._stops.found

    @property
    def cut(self) -> bool:
        """Whether the answer was cut off by its limit."""
        return self._done is not None and self._done.done_reason == "length"

    @property
    def raw(self) -> str | None:
        """What the model wrote, calls and all; None where a parser took some of it away."""
        taken = self._outlet.calls.tally.native and not self._raw.told
        return None if taken else self._raw.text

    def feed(self, line: ChatLine) -> list[Event]:
        """Translate one line."""
        self._lines += 1
        self._raw.feed(line)
        events: list[Event] = []
        if self._waiting and not line.done:
            events += self._release()
        message = line.message
        if message is not None:
            if message.thinking:
                events += self._outlet.thinking(message.thinking)
            if message.content:
                events += self._content(message.content)
            if message.tool_calls:
                self._waiting += message.tool_calls
        if line.done:
            self._done = line
        return events

    def unreadable(self, error: OcpError) -> None:
        """Ollama's parser has given up on what the model wrote."""
        self._unreadable = error

    def finish(self) -> list[Event]:
        """End: give what was held back, and see what is missing."""
        if not (self.over or self._unreadable):
            problem = f"Ollama's answer ended after {self._lines} lines."
            self.failure = AnswerCutOff(problem)
            return self._pieces(self._flush(cut=True))
        events = self._pieces([self._stops.flush()] if self._reader is None else [])
        events += self._pieces(self._flush(cut=self.cut))
        events += self._end_calls()
        if self.ask is None:
            events += self._rescue()
        return events

    def _new_reader(self) -> CallReader:
        toolbox = self._expectations.toolbox
        return CallReader(toolbox.names, toolbox.resolve)

    def _content(self, piece: str) -> list[Event]:
        if self._prefill:
            piece = self._without_prefill(piece)
        piece = self._stops.feed(piece)
        if not piece:
            return []
        if self._reader is None:
            return self._outlet.text(piece)
        return self._pieces(self._reader.feed(piece))

    def _without_prefill(self, piece: str) -> str:
        """Drop the given beginning where the native path repeats it."""
        if piece.startswith(self._prefill):
            piece, self._prefill = piece[len(self._prefill) :], ""
        elif self._prefill.startswith(piece):
            piece, self._prefill = "", self._prefill[len(piece) :]
        else:
            self._prefill = ""
        return piece

    def _flush(self, *, cut: bool) -> Sequence[Piece]:
        if self._reader is None:
            return ()
        held = self._stops.flush()
        return [*(self._reader.feed(held) if held else ()), *self._reader.flush(cut=cut)]

    def _pieces(self, pieces: Sequence[Piece]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            if self.ask is not None:  # what comes behind a call that is asked for again is void
                break
            if isinstance(piece, Calls):
                self._outlet.calls.tally.read += len(piece.calls)
                events += self._calls(piece.calls)
                self._before.append(piece.raw)
            else:
                events += self._outlet.text(piece)
                self._before.append(piece)
        return events

    def _calls(self, calls: Sequence[Call | str]) -> list[Event]:
        events: list[Event] = []
        for call in calls:
            if isinstance(call, str):
                self._outlet.notes.append("a call of an unknown tool is shown as text")
                events += self._outlet.text(call)
            elif call.problem and self._chances:
                self.broken = call
                self._outlet.notes.append("what came behind a call that did not fit was left out")
                self.ask = Ask(
                    wanted="arguments",
                    tool=self._expectations.toolbox.find(call.name),
                    before="".join(self._before),
                    problem=call.problem,
                )
                break
            else:
                events += self._outlet.call(call)
        return events

    def _release(self) -> list[Event]:
        """Write the calls that Ollama's parser read.

        Where their text is known they are read from it here: the parser may have bent them (one
        takes the first offered name that it finds anywhere, one rewrites `<a=1>` in values).
        """
        waiting, self._waiting = self._waiting, []
        own = self._read_whole(self._raw.since_last()) if self._raw.told and waiting else []
        calls = [call for piece in own for call in piece.calls]
        if len(calls) == len(waiting) and self._expectations.reads:
            self._outlet.calls.tally.native += len(waiting)
            return self._calls(calls)
        return [event for call in waiting for event in self._native(call)]

    def _native(self, call: ToolCall) -> list[Event]:
        name, arguments = call.function.name, call.function.arguments
        toolbox = self._expectations.toolbox
        # GLM's parser takes JSON for a name
        found = calls_of(name).calls if name.startswith("{") else [FoundCall(name, arguments)]
        resolved = toolbox.resolve(found, plain=False) if name else None
        if resolved is None:
            self._outlet.notes.append(f"a call of {name!r} came though no such tool was offered")
            return self._outlet.text(encode_json({"name": name, "arguments": arguments}).decode())
        self._outlet.calls.tally.native += 1
        return self._calls(resolved)

    def _end_calls(self) -> list[Event]:
        """Release the last calls, unless the answer was cut off while they were written."""
        if self.cut and self._waiting:
            self._outlet.calls.tally.lost += len(self._waiting)
            self._outlet.notes.append(f"{len(self._waiting)} calls dropped: cut off by the limit")
            self._waiting = []
        return self._release() if self.ask is None else []

    def _rescue(self) -> list[Event]:
        """Look for a call where none came: among lost tokens, and in thinking."""
        made = bool(self._outlet.calls.identifiers)
        if not made and not self.cut and self._expectations.reads:
            events = self._rescued(self._raw.text) if self._lost_text() else []
            if not events and self.ask is None and not self._outlet.wrote:
                events = self._rescued("".join(self._outlet.thoughts))
            if events or self.ask is not None:
                return events
        if self._empty() or (self._unreadable is not None and not made):
            self._ask_anew()
        elif not made:
            self._note_lost_tokens()
        return []

    def _lost_text(self) -> bool:
        return len(self._raw.text.strip()) > len(self._raw.content.strip())

    def _rescued(self, text: str) -> list[Event]:
        """Give the calls that a text holds; its text is shown already, or lost as it was."""
        found = self._read_whole(text)
        if found:
            self._outlet.notes.append("calls were read where Ollama had passed on none")
        return self._pieces(found)

    def _read_whole(self, text: str) -> list[Calls]:
        """Give the calls in a text that is whole."""
        reader = self._new_reader()
        pieces = (*reader.feed(text), *reader.flush())
        return [piece for piece in pieces if isinstance(piece, Calls)]

    def _empty(self) -> bool:
        if self._outlet.wrote or self._outlet.hidden or self.cut or self._done is None:
            return False
        if self._outlet.blank:
            return False
        return self._done.eval_count > _TOKENS_OF_AN_EMPTY_ANSWER

    def _ask_anew(self) -> None:
        """Ask for the whole answer once more, or say that it could not be read."""
        problem = self._unreadable.problem if self._unreadable is not None else ""
        if self._chances:
            before = "".join(self._before)
            self.ask = Ask(wanted="answer", before=before, problem=problem)
            return
        tokens = self._done.eval_count if self._done is not None else self._lines
        self.failure = self._unreadable or ToolCallUnreadable(
            f"The model wrote {tokens} tokens that Ollama could not read as an answer."
        )

    def _note_lost_tokens(self) -> None:
        """Note tokens that were spent and never came: Ollama drops some calls it cannot read."""
        if self._done is None or not self._expectations.toolbox:
            return
        missing = self._done.eval_count - self._lines
        if missing > _TOKENS_WITHOUT_A_LINE:
            note = f"{missing} tokens did not come, perhaps a call that Ollama dropped"
            self._outlet.notes.append(note)
