"""Translates the chunks of a model's answer into the events of an Anthropic answer.

`start()`, then `feed(chunk)` for each chunk, then `finish()` or `fail(error)`; each returns events
and together they keep the grammar of `block_writer.py`. What the code must handle of Ollama:

* Calls come one per chunk as they complete, several in one chunk, or all in the last. A parser
  that was cut off by `num_predict` may pass on a call with half its arguments (`rm -rf /tmp/x`
  becomes `rm -rf /`), so a call waits until the next chunk proves that the model wrote on, or the
  last one says that it was not cut.
* A stream may end with neither `done` nor an error: that is a failure, not an end.
* An answer that took tokens but shows nothing was lost by Ollama's parser.

One answer may take several requests: for a call that does not fit, the arguments are asked for once
more before the client sees anything of it. Then `finish()` leaves the plan of the next request in
`next_plan`; its chunks are fed like those before.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.errors import OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.follow_up import assistant_prefill, plan_follow_up
from ollama_claude_proxy.translate.request.plan import FollowUp, Plan
from ollama_claude_proxy.translate.response.answer_reader import AnswerReader
from ollama_claude_proxy.translate.response.call_writer import ToolCallStats
from ollama_claude_proxy.translate.response.content_writer import ContentWriter
from ollama_claude_proxy.translate.response.follow_up_reader import FollowUpReader
from ollama_claude_proxy.translate.response.usage_counter import UsageCounter
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.chat import ChatChunk
from ollama_claude_proxy.wire.events import (
    ErrorEvent,
    Event,
    MessageDelta,
    MessageStart,
    MessageStop,
    StartedMessage,
    StopDetails,
)


class GeneratedTurn(Struct, frozen=True):
    """What the model wrote, and how the client knows it: by its calls' ids and its text."""

    call_ids: tuple[str, ...]
    text: str
    generated: str


class StreamTranslator:
    """Translates one answer.

    `next_plan` is the plan of a further request, `failure` the error that ended the answer.
    """

    def __init__(
        self, plan: Plan, *, message_id: str, model: str, new_tool_id: Callable[[], str]
    ) -> None:
        self._plan = plan
        self._message_id = message_id
        self._model = model
        self._writer = ContentWriter(plan.expectations, new_tool_id)
        self._retries = plan.expectations.retries
        self.usage = UsageCounter(plan.prompt_tokens, plan.expected_cache)
        self._closed = False
        self._answer_reader = AnswerReader(plan, self._writer, self._retries)
        self._reader: AnswerReader | FollowUpReader = self._answer_reader
        if plan.expectations.follow_up is not None:
            self._reader = self._follow_up_reader(plan.expectations.follow_up, plan, None)
        self._broken_call: ResolvedCall | None = None
        self._generated: list[str] | None = []
        self.next_plan: Plan | None = None
        self.failure: OcpError | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further chunk of this request is wanted."""
        return self._closed or self._reader.is_over

    @property
    def last_chunk(self) -> ChatChunk | None:
        """The last chunk of the last request, which has the counts."""
        return self.usage.last_chunk

    @property
    def notes(self) -> list[str]:
        """What the log should know."""
        return self._writer.notes

    @property
    def call_stats(self) -> ToolCallStats:
        """How many calls were handled in which way."""
        return self._writer.calls.stats

    @property
    def turn(self) -> GeneratedTurn | None:
        """What to remember of the answer, once it is finished; None if it is not known."""
        if self._generated is None or self.failure is not None:
            return None
        call_ids = tuple(self._writer.calls.ids)
        return GeneratedTurn(call_ids, "".join(self._writer.texts), "".join(self._generated))

    def start(self) -> list[Event]:
        """Return `message_start`."""
        return [MessageStart(StartedMessage(self._message_id, self._model, self.usage.usage()))]

    def feed(self, chunk: ChatChunk) -> list[Event]:
        """Translate one chunk."""
        if self.is_over:
            return []
        self.usage.feed(chunk)
        return self._reader.feed(chunk)

    def accept_parser_error(self, error: ToolCallUnreadable) -> bool:
        """Record that Ollama's parser gave up; return whether the answer can still be used."""
        if not isinstance(self._reader, AnswerReader) or self._closed:
            return False
        self._reader.note_parser_error(error)
        return True

    def finish(self) -> list[Event]:
        """End the request; the answer ends, too, unless `next_plan` has a further request.

        Raises nothing: an answer that was cut off becomes an error event.
        """
        reader, self.next_plan = self._reader, None
        events = reader.finish()
        if reader.failure is not None:
            return events + self.fail(reader.failure)
        self._remember_generated(reader)
        follow_up = reader.follow_up or self._missing()
        if follow_up is not None:
            self.next_plan = self._begin_follow_up(follow_up)
            return events
        self._closed = True
        return events + self._end()

    def fail(self, error: OcpError) -> list[Event]:
        """Close the open block and write the error; nothing may follow."""
        self._closed = True
        self.next_plan = None
        self.failure = error
        return [*self._writer.blocks.close(), ErrorEvent(error.body()["error"])]

    def give_up(self) -> list[Event]:
        """End with what there is, after a further request failed."""
        events: list[Event] = []
        if self._broken_call is not None:
            events += self._writer.write_call(self._broken_call)
        if self._writer.structure is not None:
            events += self._writer.write_checked_text(self._writer.structure.held)
        self.next_plan = None
        self._closed = True
        return events + self._end()

    def without_schema(self, plan: Plan) -> Plan | None:
        """Return the plan without the schema that Ollama refused; None if there is none."""
        if plan.model_request.schema is None:
            return None
        self.notes.append(
            "Ollama could not make a grammar of the schema; the answer is checked instead"
        )
        if self._writer.structure is not None:
            self._writer.structure.hold()
        return replace(plan, model_request=replace(plan.model_request, schema=None))

    def _begin_follow_up(self, follow_up: FollowUp) -> Plan:
        """Return the plan of one more request, and make its answer the one that is read."""
        self.call_stats.asked_again += 1
        self.usage.begin_request()
        self.notes.append(_describe(follow_up))
        if follow_up.problem or follow_up.kind in {"answer", "structure"}:
            self._retries = max(self._retries - 1, 0)
        plan = plan_follow_up(self._plan, follow_up)
        self._broken_call = (
            self._reader.broken_call if isinstance(self._reader, AnswerReader) else None
        )
        if follow_up.kind == "answer":
            self._reader = self._answer_reader = AnswerReader(plan, self._writer, self._retries)
        else:
            self._reader = self._follow_up_reader(follow_up, plan, self._broken_call)
        return plan

    def _follow_up_reader(
        self, follow_up: FollowUp, plan: Plan, broken: ResolvedCall | None
    ) -> FollowUpReader:
        return FollowUpReader(follow_up, self._writer, plan.expectations, broken=broken)

    def _missing(self) -> FollowUp | None:
        """Return what the answer lacks that the client required."""
        if self._answer_reader.is_cut or self._answer_reader.stop_sequence:
            return None
        expectations, writer = self._plan.expectations, self._writer
        if expectations.must_call and not writer.calls.ids:
            return FollowUp(kind="name", before="".join(writer.texts))
        structure = writer.structure
        if structure is None or not structure.held or isinstance(self._reader, FollowUpReader):
            return None
        json, problem = structure.check(structure.held)
        if json:
            structure.release()
            structure.feed(json)
        elif self._retries:
            return FollowUp(kind="structure", schema=expectations.schema, problem=problem)
        return None

    def _remember_generated(self, reader: AnswerReader | FollowUpReader) -> None:
        """Record what the model wrote, as it stands in the prompt of the next turn."""
        if isinstance(reader, AnswerReader):
            follow_up = reader.follow_up
            generated = follow_up.before if follow_up is not None else reader.generated
            self._generated = None if generated is None else [generated]
        elif reader.call is not None and self._generated is not None:
            call, dialect = reader.call, self._plan.dialect
            tool = self._plan.expectations.toolbox.find(call.name)
            shown = reader.current.shown
            follow_up = FollowUp(kind="arguments", tool=tool, shown=shown)
            prefill = assistant_prefill(self._plan, follow_up)
            written = prefill + reader.text + dialect.call_suffix if prefill else ""
            self._generated.append(written or dialect.write_call(call.name, call.arguments))

    def _end(self) -> list[Event]:
        writer = self._writer
        events: list[Event] = []
        if writer.structure is not None:
            events += writer.write_checked_text(writer.structure.held)
        events += writer.write_hidden_thinking()
        events += writer.blocks.close()
        return [*events, MessageDelta(self._stop(), self.usage.usage()), MessageStop()]

    def _stop(self) -> StopDetails:
        if self._writer.calls.has_enough:
            return StopDetails("tool_use")
        if self._answer_reader.stop_sequence is not None:
            return StopDetails("stop_sequence", self._answer_reader.stop_sequence)
        if self._answer_reader.is_cut:
            return StopDetails("max_tokens")
        return StopDetails("tool_use" if self._writer.calls.ids else "end_turn")


def _describe(follow_up: FollowUp) -> str:
    tool = follow_up.tool
    subject = f"the arguments of {tool.name!r}" if tool else f"the {follow_up.kind}"
    return f"asked again for {subject}{': ' + follow_up.problem if follow_up.problem else ''}"
