"""An answer that must be JSON after a schema.

Where Ollama's grammar sees to it, the text streams as it comes. Where there is no grammar (tools
are offered, or the backend takes no `format`, which shows in the first character), the text waits
until it is whole and is checked.
"""

from typing import Any

from ollama_claude_proxy.translate.tools.reading.loose_json import value_at
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool
from ollama_claude_proxy.wire.events import encode_json

_FIRST = {"object": "{", "array": "[", "string": '"'}


class Structure:
    """Holds text back until it is known to follow the schema."""

    def __init__(self, schema: dict[str, Any], *, enforced: bool) -> None:
        self._schema = OfferedTool("", schema)
        self._first = _FIRST.get(str(schema.get("type")), "")
        self._held: list[str] | None = None if enforced else []
        self._begun = False

    def feed(self, text: str) -> str:
        """Give what may be shown now."""
        if self._held is None and not self._begun and text.strip():
            self._begun = True
            if self._first and text.lstrip()[0] != self._first:
                self._held = []  # no grammar is at work here
        if self._held is None:
            return text
        self._held.append(text)
        return ""

    def hold(self) -> None:
        """Hold back from now on: Ollama has refused the grammar."""
        self._held = []

    def release(self) -> str:
        """Give what is held, as it is."""
        held, self._held = self._held or [], None if self._held is None else []
        return "".join(held)

    @property
    def held(self) -> str:
        """What waits to be checked."""
        return "".join(self._held or ())

    def checked(self, text: str) -> tuple[str, str]:
        """Give the JSON of a text, or the problem with it; fences and prose are passed over."""
        problem = "it is not JSON"
        for at, sign in enumerate(text):
            found = value_at(text, at) if sign in "{[" else None
            if found is None:
                continue
            problem = self._schema.problem(found[0])
            if not problem:
                return encode_json(found[0]).decode(), ""
            if sign == (self._first or sign):
                break
        return "", problem
