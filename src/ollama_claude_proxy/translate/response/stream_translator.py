"""The lines of a `/api/chat` stream become the events of an Anthropic answer.

`start()`, then `feed(line)` for each line, then `finish()` or `fail(error)`; each returns events
and together they keep the grammar of `blocks.py`. What Ollama does that forces the code:

* Calls come one per line as they complete, several in one line, or all in the `done` line. A parser
  that was cut off by `num_predict` may pass on a call with half its arguments (`rm -rf /tmp/x`
  becomes `rm -rf /`), so a call waits until the next line proves that the model wrote on, or the
  `done` line says that it was not cut.
* A stream may end with neither `done` nor an error: that is a failure, not an end.
* An answer whose tokens were spent but that shows nothing is one that Ollama's parser lost.

One answer may take several requests: for a call that does not fit, the arguments are asked for once
more before the client sees anything of it. Then `finish()` leaves the plan of the next request in
`again`, whose lines are fed like those before it.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.errors import OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.build_plan import asking
from ollama_claude_proxy.translate.request.follow_up import opening_of
from ollama_claude_proxy.translate.request.plan import Ask, Plan
from ollama_claude_proxy.translate.response.answer_reader import Answer
from ollama_claude_proxy.translate.response.call_writer import Tally
from ollama_claude_proxy.translate.response.content_writer import Outlet
from ollama_claude_proxy.translate.response.follow_up_reader import Asked
from ollama_claude_proxy.translate.response.usage import Spent
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.wire.events import (
    ErrorEvent,
    Event,
    MessageDelta,
    MessageStart,
    MessageStop,
    StartedMessage,
    Stop,
)
from ollama_claude_proxy.wire.ollama import ChatLine


class Turn(Struct, frozen=True):
    """What the model wrote, and how the client knows it: by its calls' ids and its text."""

    identifiers: tuple[str, ...]
    text: str
    raw: str


class StreamTranslator:
    """Translates one answer.

    `over` becomes true when no further line of a request is wanted; `done` is the last line of the
    last request, `again` the plan of a further one. `turn` is what to remember of the answer.
    """

    def __init__(
        self, plan: Plan, *, message_id: str, model: str, new_tool_id: Callable[[], str]
    ) -> None:
        self._plan = plan
        self._message_id = message_id
        self._model = model
        self._outlet = Outlet(plan.expectations, new_tool_id)
        self._chances = plan.expectations.chances
        self._spent = Spent(plan.prompt_tokens, plan.shared)
        self._closed = False
        self._first = Answer(plan, self._outlet, self._chances)
        self._reading: Answer | Asked = self._first
        if plan.expectations.asked is not None:
            self._reading = self._asked(plan.expectations.asked, plan, None)
        self._broken: Call | None = None
        self._raw: list[str] | None = []
        self.again: Plan | None = None
        self.failure: OcpError | None = None

    @property
    def over(self) -> bool:
        """Whether this request is done with: what else comes would be for nothing."""
        return self._closed or self._reading.over

    @property
    def done(self) -> ChatLine | None:
        """The last line of the last request."""
        return self._spent.done

    @property
    def spent(self) -> Spent:
        """What the answer has cost."""
        return self._spent

    @property
    def lines(self) -> int:
        """How many lines came in all."""
        return self._spent.lines

    @property
    def notes(self) -> list[str]:
        """What the log should know."""
        return self._outlet.notes

    @property
    def tally(self) -> Tally:
        """What became of the calls."""
        return self._outlet.calls.tally

    @property
    def turn(self) -> Turn | None:
        """What to remember of the answer, once it is finished; None where it is not known."""
        if self._raw is None or self.failure is not None:
            return None
        identifiers = tuple(self._outlet.calls.identifiers)
        return Turn(identifiers, "".join(self._outlet.seen), "".join(self._raw))

    def start(self) -> list[Event]:
        """Give `message_start`."""
        usage = self._spent.usage()
        return [MessageStart(StartedMessage(self._message_id, self._model, usage))]

    def feed(self, line: ChatLine) -> list[Event]:
        """Translate one line."""
        if self.over:
            return []
        self._spent.feed(line)
        return self._reading.feed(line)

    def unreadable(self, error: ToolCallUnreadable) -> bool:
        """Take in that Ollama's parser gave up; say whether something can be made of it."""
        if not isinstance(self._reading, Answer) or self._closed:
            return False
        self._reading.unreadable(error)
        return True

    def finish(self) -> list[Event]:
        """End the request, and the answer unless there is one more to ask, in `again`.

        Raises nothing: an answer that did not end becomes an error event.
        """
        reading, self.again = self._reading, None
        events = reading.finish()
        if reading.failure is not None:
            return events + self.fail(reading.failure)
        self._remember(reading)
        ask = reading.ask or self._missing()
        if ask is not None:
            self.again = self._ask(ask)
            return events
        self._closed = True
        return events + self._end()

    def fail(self, error: OcpError) -> list[Event]:
        """Close the open block and say the error; nothing may follow."""
        self._closed = True
        self.again = None
        self.failure = error
        return [*self._outlet.blocks.close(), ErrorEvent(error.body()["error"])]

    def give_up(self) -> list[Event]:
        """End with what there is, where a further request failed."""
        events: list[Event] = []
        if self._broken is not None:
            events += self._outlet.call(self._broken)
        if self._outlet.structure is not None:
            events += self._outlet.released(self._outlet.structure.held)
        self.again = None
        self._closed = True
        return events + self._end()

    def without_grammar(self, plan: Plan) -> Plan | None:
        """Give the plan without the schema that Ollama refused; None if there is none."""
        if "format" not in plan.body:
            return None
        self.notes.append("Ollama made no grammar of the schema; the answer is checked instead")
        if self._outlet.structure is not None:
            self._outlet.structure.hold()
        body = {key: value for key, value in plan.body.items() if key != "format"}
        return replace(plan, body=body)

    def _ask(self, ask: Ask) -> Plan:
        """Give the plan of one more request, and read on with it."""
        self.tally.asked_again += 1
        self._spent.next()
        self.notes.append(_said(ask))
        if ask.problem or ask.wanted in {"answer", "structure"}:
            self._chances = max(self._chances - 1, 0)
        plan = asking(self._plan, ask)
        self._broken = self._reading.broken if isinstance(self._reading, Answer) else None
        if ask.wanted == "answer":
            self._reading = self._first = Answer(plan, self._outlet, self._chances)
        else:
            self._reading = self._asked(ask, plan, self._broken)
        return plan

    def _asked(self, ask: Ask, plan: Plan, broken: Call | None) -> Asked:
        toolbox = plan.expectations.toolbox
        prefill = plan.expectations.prefill
        return Asked(ask, self._outlet, toolbox, prefill=prefill, broken=broken)

    def _missing(self) -> Ask | None:
        """Give what the answer lacks that the client required."""
        if self._first.cut or self._first.stopped:
            return None
        expectations, outlet = self._plan.expectations, self._outlet
        if expectations.must_call and not outlet.calls.identifiers:
            return Ask(wanted="name", before="".join(outlet.seen))
        structure = outlet.structure
        if structure is None or not structure.held or isinstance(self._reading, Asked):
            return None
        json, problem = structure.checked(structure.held)
        if json:
            structure.release()
            structure.feed(json)
        elif self._chances:
            return Ask(wanted="structure", schema=expectations.structure, problem=problem)
        return None

    def _remember(self, reading: Answer | Asked) -> None:
        """Keep what the model wrote, as it would stand in the prompt of the next turn."""
        if isinstance(reading, Answer):
            ask = reading.ask
            raw = ask.before if ask is not None else reading.raw
            self._raw = None if raw is None else [raw]
        elif reading.made is not None and self._raw is not None:
            call, dialect = reading.made, self._plan.dialect
            ask = Ask(wanted="arguments", tool=self._plan.expectations.toolbox.find(call.name))
            opening = opening_of(self._plan, ask)
            written = opening + reading.text + dialect.closing if opening else ""
            self._raw.append(written or dialect.call(call.name, call.arguments))

    def _end(self) -> list[Event]:
        outlet = self._outlet
        events: list[Event] = []
        if outlet.structure is not None:
            events += outlet.released(outlet.structure.held)
        events += outlet.last_resort()
        events += outlet.blocks.close()
        return [*events, MessageDelta(self._stop(), self._spent.usage()), MessageStop()]

    def _stop(self) -> Stop:
        if self._outlet.calls.enough:
            return Stop("tool_use")
        if self._first.stopped is not None:
            return Stop("stop_sequence", self._first.stopped)
        if self._first.cut:
            return Stop("max_tokens")
        return Stop("tool_use" if self._outlet.calls.identifiers else "end_turn")


def _said(ask: Ask) -> str:
    what = f"the arguments of {ask.tool.name!r}" if ask.tool else f"the {ask.wanted}"
    return f"asked again for {what}{': ' + ask.problem if ask.problem else ''}"
