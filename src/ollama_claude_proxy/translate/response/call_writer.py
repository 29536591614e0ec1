"""Writes calls for the client: repaired, restored, and at most as many as it allows."""

from collections.abc import Callable

from msgspec import Struct

from ollama_claude_proxy.translate.request.plan import Expectations
from ollama_claude_proxy.translate.response.block_writer import BlockWriter
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.events import Event


class ToolCallStats(Struct):
    """How many calls of an answer were handled in which way.

    `native` came from the backend's parser, `read` were read out of text, `repaired` changed to
    fit (`edits` of them to what is in the files), `retried` written anew after asking again,
    `broken` passed on though they do not fit, `unknown` are of tools that were not offered, `lost`
    cut off or left out; `asked_again` counts
    requests.
    """

    native: int = 0
    read: int = 0
    repaired: int = 0
    retried: int = 0
    broken: int = 0
    unknown: int = 0
    lost: int = 0
    asked_again: int = 0
    edits: int = 0

    def add(self, other: "ToolCallStats") -> None:
        """Add the counts of another answer."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def format_counts(self) -> str:
        """Return the counts that are not zero, such as `read=1 repaired=1`."""
        counts = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return " ".join(f"{name}={count}" for name, count in counts if count)


class CallWriter:
    """Writes calls as blocks, and remembers their ids."""

    def __init__(
        self, expectations: Expectations, blocks: BlockWriter, new_tool_id: Callable[[], str]
    ) -> None:
        self._expectations = expectations
        self._blocks = blocks
        self._new_tool_id = new_tool_id
        self.ids: list[str] = []
        self.stats = ToolCallStats()
        self.notes: list[str] = []

    @property
    def has_enough(self) -> bool:
        """Whether the client wants no further call."""
        return self._expectations.single_call and bool(self.ids)

    def write(self, call: ResolvedCall) -> list[Event]:
        """Write one call."""
        if self.has_enough:
            self.stats.lost += 1
            self.notes.append(
                f"a further call of {call.name!r} was left out: the client allows one"
            )
            return []
        self._note(call)
        call_id = self._new_tool_id()
        self.ids.append(call_id)
        arguments = self._expectations.guard.restore(call.arguments)
        return self._blocks.write_tool_use(call_id, call.name, arguments)

    def _note(self, call: ResolvedCall) -> None:
        if call.is_unknown:
            self.stats.unknown += 1
            self.notes.append(f"the model called {call.name!r}, which the client did not offer")
        elif call.problem:
            self.stats.broken += 1
            self.notes.append(f"the call of {call.name!r} does not fit its schema: {call.problem}")
            return
        if call.mismatch:
            self.notes.append(f"{call.name!r} is passed on as it is: {call.mismatch}")
        if call.repairs:
            self.stats.repaired += 1
            self.stats.edits += call.edit_repaired
            self.notes.append(f"{call.name!r} was repaired: {', '.join(call.repairs)}")
