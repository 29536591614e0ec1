"""Calls on their way to the client: repaired, restored, and at most as many as it wants."""

from collections.abc import Callable

from msgspec import Struct

from ollama_claude_proxy.translate.request.plan import Expectations
from ollama_claude_proxy.translate.response.block_writer import BlockWriter
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.wire.events import Event


class Tally(Struct):
    """What became of the calls of an answer.

    `read` were read out of text, `repaired` made to fit, `mended` written anew on being asked
    again, `broken` passed on though they do not fit, `lost` cut off or left out; `asked_again`
    counts requests.
    """

    native: int = 0
    read: int = 0
    repaired: int = 0
    mended: int = 0
    broken: int = 0
    lost: int = 0
    asked_again: int = 0


def add(total: Tally, tally: Tally) -> None:
    """Add an answer's counts to a total."""
    for name in tally.__struct_fields__:
        setattr(total, name, getattr(total, name) + getattr(tally, name))


def told(tally: Tally) -> str:
    """Give the counts that are not zero, such as `read=1 repaired=1`."""
    counts = ((name, getattr(tally, name)) for name in tally.__struct_fields__)
    return " ".join(f"{name}={count}" for name, count in counts if count)


class CallWriter:
    """Writes calls as blocks, and remembers which."""

    def __init__(
        self, expectations: Expectations, blocks: BlockWriter, new_tool_id: Callable[[], str]
    ) -> None:
        self._expectations = expectations
        self._blocks = blocks
        self._new_tool_id = new_tool_id
        self.identifiers: list[str] = []
        self.tally = Tally()
        self.notes: list[str] = []

    @property
    def enough(self) -> bool:
        """Whether the client wants no further call."""
        return self._expectations.single and bool(self.identifiers)

    def write(self, call: Call) -> list[Event]:
        """Write one call."""
        if self.enough:
            self.tally.lost += 1
            self.notes.append(f"one more call of {call.name!r} was left out: one was asked for")
            return []
        self._note(call)
        identifier = self._new_tool_id()
        self.identifiers.append(identifier)
        return self._blocks.tool_use(
            identifier, call.name, self._expectations.inert.restore(call.arguments)
        )

    def _note(self, call: Call) -> None:
        if call.problem:
            self.tally.broken += 1
            self.notes.append(f"the call of {call.name!r} does not fit: {call.problem}")
        elif call.repairs:
            self.tally.repaired += 1
            self.notes.append(f"{call.name!r} was repaired: {', '.join(call.repairs)}")
