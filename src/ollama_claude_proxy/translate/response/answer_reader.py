"""Reads one request's answer as the model chose to write it: thinking, text and calls."""

from collections.abc import Iterable, Sequence

from ollama_claude_proxy.errors import AnswerCutOff, OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.plan import FollowUp, Plan
from ollama_claude_proxy.translate.response.answer_end import AnswerEnd
from ollama_claude_proxy.translate.response.content_writer import ContentWriter
from ollama_claude_proxy.translate.response.generated_text import GeneratedText, missing_tokens
from ollama_claude_proxy.translate.response.stop_sequences import StopScanner
from ollama_claude_proxy.translate.tools.reading.call_body import read_call_body
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.held_calls import (
    ReadCalls,
    ReaderOutput,
    UnreadableCall,
)
from ollama_claude_proxy.translate.tools.reading.reader import CallReader
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.chat import ChatChunk, ToolCall
from ollama_claude_proxy.wire.events import Event, encode_json

_UNREADABLE_CALL = "the call could not be read."
# An end token and a little white space; with more tokens the model did write something.
_MAX_TOKENS_OF_EMPTY_ANSWER = 3


class AnswerReader:
    """Reads one answer; `retries` is how often the model may be asked again.

    After `finish()`, `follow_up` is the further request that is needed, or `failure` what went
    wrong. `broken_call` is the call that the follow-up is for.
    """

    def __init__(self, plan: Plan, writer: ContentWriter, retries: int) -> None:
        expectations = plan.expectations
        self._expectations = expectations
        self._dialect = plan.dialect
        self._writer = writer
        self._retries = retries
        self._generated = GeneratedText()
        self._end = AnswerEnd(writer.notes, expectations.tool_list)
        self._stops = StopScanner(expectations.stop_sequences)
        self._reader = self._new_reader() if expectations.reads_calls else None
        self._prefill = expectations.prefill
        self._pieces: list[str] = []
        self._pending_calls: list[ToolCall] = []
        self._chunks = 0
        self._last_chunk: ChatChunk | None = None
        self._parser_error: OcpError | None = None
        self.follow_up: FollowUp | None = None
        self.broken_call: ResolvedCall | None = None
        self.failure: OcpError | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further chunk is wanted."""
        ended = self._last_chunk or self.stop_sequence or self.follow_up or self._end.is_reached
        return bool(ended or self._writer.calls.has_enough)

    @property
    def stop_sequence(self) -> str | None:
        """The stop sequence that ended the answer, if one did."""
        return self._stops.matched

    @property
    def is_cut(self) -> bool:
        """Whether the answer was cut off: by its limit, or in the middle of something endless."""
        is_half = self._end.is_half and not self._writer.calls.ids
        return is_half or (
            self._last_chunk is not None and self._last_chunk.done_reason == "length"
        )

    @property
    def generated(self) -> str | None:
        """What the model wrote, with its calls; None if a parser removed some of it."""
        is_incomplete = self._writer.calls.stats.native and not self._generated.has_tokens
        return None if is_incomplete else self._generated.text

    def feed(self, chunk: ChatChunk) -> list[Event]:
        """Translate one chunk."""
        self._chunks += 1
        self._generated.feed(chunk)
        self._end.watch_hidden(chunk)
        events: list[Event] = []
        if self._pending_calls and not chunk.done:
            events += self._release_pending_calls()
        if (message := chunk.message) is not None:
            if thinking := self._end.watch_thinking(message.thinking):
                events += self._writer.write_thinking(thinking)
            if message.content:
                in_call = self._reader is not None and self._reader.is_in_call
                events += self._write_content(self._end.watch(message.content, in_call=in_call))
            if message.tool_calls and not self._end.is_reached:
                self._pending_calls += message.tool_calls
        if chunk.done:
            self._last_chunk = chunk
        return events

    def note_parser_error(self, error: OcpError) -> None:
        """Record that Ollama's parser gave up on what the model wrote."""
        self._parser_error = error

    def finish(self) -> list[Event]:
        """End the answer: write what was held back, and look for what is missing."""
        if not (self.is_over or self._parser_error):
            problem = f"Ollama's answer ended after {self._chunks} lines."
            self.failure = AnswerCutOff(problem)
            return self._write_pieces(self._flush(cut=True))
        events = self._write_pieces([self._stops.flush()] if self._reader is None else [])
        events += self._write_pieces(self._flush(cut=self.is_cut or self._end.is_reached))
        events += self._finish_calls()
        if self.follow_up is None:
            events += self._recover()
        return events

    def _new_reader(self) -> CallReader:
        toolbox = self._expectations.toolbox
        return CallReader(toolbox.names, toolbox.resolve)

    def _write_content(self, text: str) -> list[Event]:
        if self._prefill:
            text = self._without_prefill(text)
        text = self._stops.feed(text)
        if not text or self.follow_up is not None:
            return []
        if self._reader is None:
            return self._writer.write_text(self._end.keep(text))
        return self._write_pieces(self._reader.feed(text))

    def _without_prefill(self, text: str) -> str:
        """Return the text without the prefill, which the native path repeats."""
        if text.startswith(self._prefill):
            text, self._prefill = text[len(self._prefill) :], ""
        elif self._prefill.startswith(text):
            text, self._prefill = "", self._prefill[len(text) :]
        else:
            self._prefill = ""
        return text

    def _flush(self, *, cut: bool) -> Sequence[ReaderOutput]:
        if self._reader is None:
            return ()
        held = self._stops.flush()
        return [*(self._reader.feed(held) if held else ()), *self._reader.flush(cut=cut)]

    def _write_pieces(self, pieces: Iterable[ReaderOutput]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            # what follows a call that is asked for again, or the only one wanted, is dropped
            if self.follow_up is not None or self._end.is_past_calls:
                break
            if isinstance(piece, str) and self._writer.calls.has_enough:
                continue
            if isinstance(piece, ReadCalls):
                self._writer.calls.stats.read += len(piece.calls)
                events += self._write_calls(piece.calls)
                self._pieces.append(piece.raw)
            elif isinstance(piece, UnreadableCall) and self._retries:
                self._ask_for_whole_answer(_UNREADABLE_CALL)
            else:
                kept = self._end.keep(piece if isinstance(piece, str) else piece.raw)
                events += self._writer.write_text(kept)
                self._pieces.append(kept)
        return events

    def _write_calls(self, calls: Iterable[ResolvedCall]) -> list[Event]:
        events: list[Event] = []
        for call in calls:
            call = self._expectations.edits.repair(call)  # noqa: PLW2901  # the same call
            if (call.problem or call.mismatch) and self._retries:
                self._retry(call)
                break
            events += self._writer.write_call(call)
            self._end.note_call()
        return events

    def _retry(self, call: ResolvedCall) -> None:
        """Ask again for the arguments of a call that does not fit its schema, or the file."""
        self.broken_call = call
        what = "its schema" if call.problem else "the file"
        self._writer.notes.append(f"what followed a call that does not fit {what} was left out")
        self.follow_up = FollowUp(
            kind="arguments",
            tool=self._expectations.toolbox.find(call.name),
            before="".join(self._pieces),
            problem=call.problem or call.mismatch,
            shown=call.shown,
        )

    def _ask_for_whole_answer(self, problem: str) -> None:
        """Ask for the whole answer once more, before the client sees anything of this one."""
        before = "".join(self._pieces)
        self.follow_up = FollowUp(kind="answer", before=before, problem=problem)

    def _release_pending_calls(self) -> list[Event]:
        """Write the calls that Ollama's parser read.

        If their text is known they are read from it here, because the parser may have changed them
        (one takes the first offered name that it finds anywhere, one rewrites `<a=1>` in values).
        """
        pending, self._pending_calls = self._pending_calls, []
        calls = self._calls_from_tokens() if pending else []
        if len(calls) == len(pending) and self._expectations.reads_calls:
            self._writer.calls.stats.native += len(pending)
            return self._write_calls(calls)
        events: list[Event] = []
        for call in pending:
            if self.follow_up is not None:  # what follows a call that is asked for again is void
                break
            events += self._write_native_call(call)
        return events

    def _calls_from_tokens(self) -> list[ResolvedCall]:
        if not self._generated.has_tokens:
            return []
        pieces = self._read_calls(self._generated.take_new())
        return [call for piece in pieces for call in piece.calls]

    def _write_native_call(self, call: ToolCall) -> list[Event]:
        name, arguments = call.function.name, call.function.arguments
        toolbox = self._expectations.toolbox
        # GLM's parser takes the JSON of a call for its name
        found_calls = (
            read_call_body(name).calls if name.startswith("{") else [FoundCall(name, arguments)]
        )
        resolved = toolbox.resolve(found_calls, plain=False) if name else None
        if resolved is None:
            call_text = encode_json({"name": name, "arguments": arguments}).decode()
            self._writer.notes.append(f"Ollama passed on what is no call: {call_text}")
            return self._writer.write_text(call_text)
        self._writer.calls.stats.native += 1
        events = self._write_calls(resolved)
        if self.follow_up is None:
            self._pieces.append(self._dialect.write_call(name, arguments))
        return events

    def _finish_calls(self) -> list[Event]:
        """Release the last calls, unless the answer was cut off while they were written."""
        if self.is_cut and self._pending_calls:
            count, self._pending_calls = len(self._pending_calls), []
            self._writer.calls.stats.lost += count
            self._writer.notes.append(f"{count} calls were dropped: the token limit cut them off")
        return self._release_pending_calls() if self.follow_up is None else []

    def _recover(self) -> list[Event]:
        """Look for a missing call: among lost tokens, in thinking, or by asking again."""
        has_calls = bool(self._writer.calls.ids)
        is_over_early = self.is_cut or self._end.is_reached
        if self._expectations.reads_calls and not (has_calls or is_over_early):
            events = self._write_lost_calls()
            if events or self.follow_up is not None:
                return events
        if self._is_empty() or (self._parser_error is not None and not has_calls):
            self._ask_again()
        elif not has_calls and self._last_chunk is not None and self._expectations.toolbox:
            self._writer.notes += missing_tokens(self._last_chunk.eval_count, self._chunks)
        return []

    def _write_lost_calls(self) -> list[Event]:
        """Write the calls in text that the backend held back, otherwise those in thinking."""
        events: list[Event] = []
        if len(self._generated.text.strip()) > len(self._generated.content.strip()):
            events = self._write_calls_of(self._generated.text)
        if not events and self.follow_up is None and not self._writer.has_content:
            events = self._write_calls_of("".join(self._writer.thoughts))
        return events

    def _write_calls_of(self, text: str) -> list[Event]:
        """Write the calls in a text; the text itself was shown already, or lost."""
        found_calls = self._read_calls(text)
        if found_calls:
            self._writer.notes.append("calls were found that Ollama had not passed on")
        return self._write_pieces(found_calls)

    def _read_calls(self, text: str) -> list[ReadCalls]:
        """Return the calls in a text that is complete."""
        reader = self._new_reader()
        pieces = (*reader.feed(text), *reader.flush())
        return [piece for piece in pieces if isinstance(piece, ReadCalls)]

    def _is_empty(self) -> bool:
        """Whether the model wrote something but nothing arrived."""
        writer = self._writer
        if writer.has_content or writer.hidden_thoughts or writer.has_pending_space:
            return False
        if self.is_cut or self._last_chunk is None:
            return False
        return self._last_chunk.eval_count > _MAX_TOKENS_OF_EMPTY_ANSWER

    def _ask_again(self) -> None:
        """Ask once more, or fail because the answer could not be read."""
        problem = self._parser_error.problem if self._parser_error is not None else ""
        if self._retries:
            self._ask_for_whole_answer(problem)
            return
        tokens = self._last_chunk.eval_count if self._last_chunk is not None else self._chunks
        self.failure = self._parser_error or ToolCallUnreadable(
            f"The model wrote {tokens} tokens that Ollama could not read as an answer."
        )
