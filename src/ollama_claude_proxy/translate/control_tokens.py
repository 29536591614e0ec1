r"""Control tokens in what a model is shown are made inert, and made whole again in what it writes.

Ollama tokenises a control token wherever it stands: a file that holds `<|im_end|>\n<|im_start|>`
would end the turn and begin another (seen on Ollama 0.32.15, on every path). So a mark that nobody
sees, a zero-width space, is put behind the first character of each. The tokens are then ordinary
text; a person and a model still read them. What the model copies loses the mark again, in text and
in the input of calls, so that a template file can be edited.

The mark can be undone in every case: where a text has one of its own behind such a character, it
gets a second, and what comes back loses one.
"""

import re
from collections.abc import Iterable
from typing import Any

MARK = "\u200b"

# Tokens of chat templates that have another form than `<|…|>`; taken where the template has them.
_KNOWN = (
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<bos>",
    "<eos>",
    "<s>",
    "</s>",
    "<<SYS>>",
    "<</SYS>>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CALLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[gMASK]",
    "<sop>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
    "<escape>",
    "<start_function_call>",
    "<end_function_call>",
)
_ANY = r"[|｜][^\s<>|｜][^<>|｜\n]{0,38}[|｜]>"
_SIGNS = ("<", "[")


class Inert:
    """Makes the control tokens of one model inert; equal text gives equal bytes."""

    def __init__(self, tokens: Iterable[str] = (), *, active: bool = True) -> None:
        tokens = sorted(tokens)
        self._angles = _behind(
            "<", [_ANY, *(re.escape(one[1:]) for one in tokens if one[0] == "<")]
        )
        self._squares = _behind("[", [re.escape(one[1:]) for one in tokens if one[0] == "["])
        self._active = active

    def make(self, text: str) -> str:
        """Give a text in which nothing is a control token."""
        if not self._active:
            return text
        if "<" in text:
            text = self._angles.sub(f"<{MARK}", text)
        if "[" in text:
            text = self._squares.sub(f"[{MARK}", text)
        return text

    def make_all(self, value: Any) -> Any:
        """Give a value in whose strings nothing is a control token."""
        if isinstance(value, str):
            return self.make(value)
        if isinstance(value, list):
            return [self.make_all(one) for one in value]
        if isinstance(value, dict):
            return {self.make(key): self.make_all(one) for key, one in value.items()}
        return value

    def restore(self, value: Any) -> Any:
        """Give what a model wrote without the marks; strings inside lists and objects, too."""
        if isinstance(value, str):
            return _MARKED.sub(r"\1", value) if self._active and MARK in value else value
        if isinstance(value, list):
            return [self.restore(one) for one in value]
        if isinstance(value, dict):
            return {self.restore(key): self.restore(one) for key, one in value.items()}
        return value


_MARKED = re.compile(rf"([<\[]){MARK}")


def _behind(sign: str, forms: list[str]) -> re.Pattern[str]:
    """Match a sign that one of these forms, or a mark, follows."""
    return re.compile(rf"{re.escape(sign)}(?={'|'.join([MARK, *forms])})")


class Restoring:
    """Takes the marks out of a stream of text, however it is cut."""

    def __init__(self, inert: Inert) -> None:
        self._inert = inert
        self._last = ""

    def feed(self, piece: str) -> str:
        """Give the piece without the marks that are not its own."""
        if MARK in piece and self._last in _SIGNS and piece[0] == MARK:
            self._last, piece = MARK, piece[1:]
        if piece:
            self._last = piece[-1]
        restored: str = self._inert.restore(piece)
        return restored


def control_tokens(template: str | None, marks: Iterable[str]) -> frozenset[str]:
    """Give the tokens that mean something to a model: of its template, and of its dialect.

    Where there is no template to look at (None), all that are known.
    """
    return frozenset({*marks, *(one for one in _KNOWN if template is None or one in template)})
