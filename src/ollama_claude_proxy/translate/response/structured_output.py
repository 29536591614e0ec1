"""An answer that must be JSON that follows a schema.

Where Ollama enforces the schema with a grammar, the text streams as it comes. Where there is no
grammar (tools are offered, or the backend ignores `format`, which shows in the first character),
the text is held back until it is complete, and then checked.
"""

from typing import Any

from ollama_claude_proxy.translate.tools.reading.lenient_json import parse_json_value
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool
from ollama_claude_proxy.wire.events import encode_json

_FIRST_CHARACTERS = {"object": "{", "array": "[", "string": '"'}


class StructuredOutput:
    """Holds text back until it is known to follow the schema.

    `enforced`: Ollama enforces the schema with a grammar.
    """

    def __init__(self, schema: dict[str, Any], *, enforced: bool) -> None:
        self._schema = OfferedTool("", schema)
        self._first_character = _FIRST_CHARACTERS.get(str(schema.get("type")), "")
        self._held: list[str] | None = None if enforced else []
        self._begun = False

    def feed(self, text: str) -> str:
        """Return what may be shown now."""
        if self._held is None and not self._begun and text.strip():
            self._begun = True
            if self._first_character and text.lstrip()[0] != self._first_character:
                self._held = []  # the backend ignores `format`
        if self._held is None:
            return text
        self._held.append(text)
        return ""

    def hold(self) -> None:
        """Hold text back from now on, because Ollama has refused the grammar."""
        self._held = []

    def release(self) -> str:
        """Return the held text unchecked, and forget it."""
        held, self._held = self._held or [], None if self._held is None else []
        return "".join(held)

    @property
    def held(self) -> str:
        """The text that waits to be checked."""
        return "".join(self._held or ())

    def check(self, text: str) -> tuple[str, str]:
        """Return the valid JSON in a text and no problem, or "" and what is wrong with it.

        Fences and prose around the JSON are skipped.
        """
        problem = "it is not JSON"
        for position, character in enumerate(text):
            parsed = parse_json_value(text, position) if character in "{[" else None
            if parsed is None:
                continue
            problem = self._schema.find_problem(parsed[0])
            if not problem:
                return encode_json(parsed[0]).decode(), ""
            if character == (self._first_character or character):
                break
        return "", problem
