"""The answer to what was asked for by itself: arguments, a name, or a structure.

A grammar makes it right where the backend has one; it is checked all the same.
"""

from ollama_claude_proxy.errors import OcpError, ToolCallUnreadable
from ollama_claude_proxy.translate.request.plan import Ask
from ollama_claude_proxy.translate.response.content_writer import Outlet
from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.translate.tools.reading.loose_json import argument_object, value_at
from ollama_claude_proxy.translate.tools.toolbox import Toolbox
from ollama_claude_proxy.wire.events import Event
from ollama_claude_proxy.wire.ollama import ChatLine


class Asked:
    """Reads what was asked for; `broken` is the call that the client gets if it does not come."""

    def __init__(
        self, ask: Ask, outlet: Outlet, toolbox: Toolbox, *, prefill: str, broken: Call | None
    ) -> None:
        self._asked = ask
        self._outlet = outlet
        self._toolbox = toolbox
        self._prefill = prefill
        self._broken = broken
        self._pieces: list[str] = []
        self._done: ChatLine | None = None
        self.ask: Ask | None = None
        self.failure: OcpError | None = None
        self.made: Call | None = None

    @property
    def over(self) -> bool:
        """Whether no further line is wanted."""
        return self._done is not None

    def feed(self, line: ChatLine) -> list[Event]:
        """Take in one line; but for thinking nothing is shown before all is there."""
        events: list[Event] = []
        if line.message is not None:
            self._pieces.append(line.message.content)
            if line.message.thinking:
                events = self._outlet.thinking(line.message.thinking)
        if line.done:
            self._done = line
        return events

    @property
    def text(self) -> str:
        """What was written, behind the beginning that was given."""
        text = "".join(self._pieces)
        given = self._prefill.strip()
        if given and text.strip().startswith(given):
            text = text[text.index(given) + len(given) :]
        return text

    def finish(self) -> list[Event]:
        """Give what was asked for, or what there was before."""
        text = self.text.strip()
        match self._asked.wanted:
            case "name":
                return self._name(text)
            case "structure":
                return self._structure(text)
            case _:
                return self._arguments(text)

    def _arguments(self, text: str) -> list[Event]:
        tool = self._asked.tool
        found = value_at(text, text.find("{")) if "{" in text else None
        arguments = argument_object(found[0]) if found is not None else None
        whole = self._done is not None and self._done.done_reason != "length"
        if tool is not None and arguments is not None and whole:
            call = tool.call(_unwrapped(arguments, tool.name))
            if not call.problem or self._broken is None:
                self.made = call
                self._outlet.calls.tally.mended += 1
                return self._outlet.call(call)
        if self._broken is not None:
            return self._outlet.call(self._broken)
        name = tool.name if tool is not None else ""
        self.failure = ToolCallUnreadable(f"The model wrote no arguments for {name!r}: {text!r}.")
        return []

    def _name(self, text: str) -> list[Event]:
        found = next((name for name in self._toolbox.names if name in text), "")
        tool = self._toolbox.find(text.strip('"{} \n')) or self._toolbox.find(found)
        if tool is None:
            self.failure = ToolCallUnreadable(f"The model chose no tool: it wrote {text!r}.")
        else:
            self.ask = Ask(wanted="arguments", tool=tool, before=self._asked.before)
        return []

    def _structure(self, text: str) -> list[Event]:
        structure = self._outlet.structure
        if structure is None:
            return []
        json, problem = structure.checked(text)
        if problem:
            self._outlet.notes.append(f"the answer does not follow the schema: {problem}")
        return self._outlet.released(json or structure.held or text)


def _unwrapped(arguments: dict[str, object], name: str) -> dict[str, object]:
    """Take the arguments out of a whole call, where the model wrote one instead."""
    inner = arguments.get("arguments")
    if isinstance(inner, dict) and arguments.get("name") == name and len(arguments) == 2:
        return inner
    return arguments
