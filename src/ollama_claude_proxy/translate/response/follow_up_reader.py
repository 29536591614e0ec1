"""Reads the answer to a follow-up: arguments, a name, or a structure.

A grammar makes it right if the backend has one; it is checked in any case.
"""

from ollama_claude_proxy.errors import OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.plan import Expectations, FollowUp
from ollama_claude_proxy.translate.response.answer_end import AnswerEnd
from ollama_claude_proxy.translate.response.content_writer import ContentWriter
from ollama_claude_proxy.translate.tools.reading.lenient_json import (
    parse_arguments,
    parse_json_value,
)
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.chat import ChatChunk
from ollama_claude_proxy.wire.events import Event


class FollowUpReader:
    """Reads the answer to `current`; if it fails, the client gets the call `broken`.

    After `finish()`, `follow_up` is the next follow-up, `call` the call that was made, or `failure`
    what went wrong.
    """

    def __init__(
        self,
        current: FollowUp,
        writer: ContentWriter,
        expectations: Expectations,
        *,
        broken: ResolvedCall | None,
    ) -> None:
        self.current = current
        self._writer = writer
        self._toolbox = expectations.toolbox
        self._edits = expectations.edits
        self._prefill = expectations.prefill
        self._broken_call = broken
        self._end = AnswerEnd(writer.notes)
        self._pieces: list[str] = []
        self._last_chunk: ChatChunk | None = None
        self.follow_up: FollowUp | None = None
        self.failure: OcpError | None = None
        self.call: ResolvedCall | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further chunk is wanted."""
        return self._last_chunk is not None or self._end.is_reached

    def feed(self, chunk: ChatChunk) -> list[Event]:
        """Read one chunk; except for thinking, nothing is shown before the end."""
        events: list[Event] = []
        if chunk.message is not None:
            self._pieces.append(self._end.watch(chunk.message.content, in_call=True))
            if thinking := self._end.watch_thinking(chunk.message.thinking):
                events = self._writer.write_thinking(thinking)
        if chunk.done:
            self._last_chunk = chunk
        return events

    @property
    def text(self) -> str:
        """What was written after the prefill."""
        text = "".join(self._pieces)
        prefill = self._prefill.strip()
        if prefill and text.strip().startswith(prefill):
            text = text[text.index(prefill) + len(prefill) :]
        return text

    def finish(self) -> list[Event]:
        """Return the events of what was asked for, or of the broken call."""
        text = self.text.strip()
        match self.current.kind:
            case "name":
                return self._name(text)
            case "structure":
                return self._structure(text)
            case _:
                return self._arguments(text)

    def _arguments(self, text: str) -> list[Event]:
        call = self._call(text)
        if call is not None and _is_better(call, self._broken_call):
            self.call = call
            self._writer.calls.stats.retried += 1
            return self._writer.write_call(call)
        if self._broken_call is not None:
            return self._writer.write_call(self._broken_call)
        name = self.current.tool.name if self.current.tool is not None else ""
        self.failure = ToolCallUnreadable(f"The model wrote no arguments for {name!r}: {text!r}.")
        return []

    def _call(self, text: str) -> ResolvedCall | None:
        """Return the call with the arguments in a text; None if they are not complete."""
        tool = self.current.tool
        parsed = parse_json_value(text, text.find("{")) if "{" in text else None
        arguments = parse_arguments(parsed[0]) if parsed is not None else None
        is_cut = self._last_chunk is None or self._last_chunk.done_reason == "length"
        if tool is None or arguments is None or is_cut:
            return None
        return self._edits.repair(tool.call(_unwrapped(arguments, tool.name)))

    def _name(self, text: str) -> list[Event]:
        mentioned = next((name for name in self._toolbox.names if name in text), "")
        tool = self._toolbox.find(text.strip('"{} \n')) or self._toolbox.find(mentioned)
        if tool is None:
            self.failure = ToolCallUnreadable(f"The model chose no tool: it wrote {text!r}.")
        else:
            self.follow_up = FollowUp(kind="arguments", tool=tool, before=self.current.before)
        return []

    def _structure(self, text: str) -> list[Event]:
        structure = self._writer.structure
        if structure is None:
            return []
        json, problem = structure.check(text)
        if problem:
            self._writer.notes.append(f"the answer does not follow the schema: {problem}")
        return self._writer.write_checked_text(json or structure.held or text)


def _is_better(call: ResolvedCall, broken: ResolvedCall | None) -> bool:
    """Whether a call is what was asked for, or at least nearer to it than the broken one."""
    if broken is None:
        return True
    return not call.problem and (not call.mismatch or bool(broken.problem))


def _unwrapped(arguments: dict[str, object], name: str) -> dict[str, object]:
    """Return the arguments; if the model wrote a whole call instead, those of the call."""
    inner = arguments.get("arguments")
    if isinstance(inner, dict) and arguments.get("name") == name and len(arguments) == 2:
        return inner
    return arguments
