r"""Neutralise control tokens in prompts, and restore them in what the model writes.

Ollama tokenises a control token wherever it occurs: a file that contains `<|im_end|>\n<|im_start|>`
would end the turn and begin another (seen on Ollama 0.32.15, on every path). So a zero-width space
is inserted after the first character of each token. It is then ordinary text, which people and
models can still read. When the model copies it, the zero-width space is removed again, in text and
in the input of calls, so that a template file can be edited.

This is always reversible: where the text already has a zero-width space after such a character, it
gets a second one, and restoring removes one.
"""

import re
from collections.abc import Iterable
from typing import Any

ZERO_WIDTH_SPACE = "\u200b"

# Control tokens without the form `<|…|>`. Only those that the model's template contains are used.
_KNOWN_TOKENS = (
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
_PIPE_FORM = r"[|｜][^\s<>|｜][^<>|｜\n]{0,38}[|｜]>"  # without the `<` before it
_FIRST_CHARACTERS = ("<", "[")


class ControlTokenGuard:
    """Neutralises the control tokens of one model; equal text gives equal bytes."""

    def __init__(self, tokens: Iterable[str] = (), *, active: bool = True) -> None:
        tokens = sorted(tokens)
        angle_tails = [re.escape(token[1:]) for token in tokens if token[0] == "<"]
        square_tails = [re.escape(token[1:]) for token in tokens if token[0] == "["]
        self._angle_tokens = _compile_first_character("<", [_PIPE_FORM, *angle_tails])
        self._square_tokens = _compile_first_character("[", square_tails)
        self._active = active

    def neutralize(self, text: str) -> str:
        """Return the text with a zero-width space inside every control token."""
        if not self._active:
            return text
        if "<" in text:
            text = self._angle_tokens.sub(f"<{ZERO_WIDTH_SPACE}", text)
        if "[" in text:
            text = self._square_tokens.sub(f"[{ZERO_WIDTH_SPACE}", text)
        return text

    def neutralize_all(self, value: Any) -> Any:
        """Return a JSON value with the control tokens in all its strings and keys neutralised."""
        if isinstance(value, str):
            return self.neutralize(value)
        if isinstance(value, list):
            return [self.neutralize_all(element) for element in value]
        if isinstance(value, dict):
            return {
                self.neutralize(key): self.neutralize_all(inner) for key, inner in value.items()
            }
        return value

    def restore(self, value: Any) -> Any:
        """Undo `neutralize` in what a model wrote, also in strings inside lists and objects."""
        if isinstance(value, str):
            marked = self._active and ZERO_WIDTH_SPACE in value
            return _NEUTRALIZED.sub(r"\1", value) if marked else value
        if isinstance(value, list):
            return [self.restore(element) for element in value]
        if isinstance(value, dict):
            return {self.restore(key): self.restore(inner) for key, inner in value.items()}
        return value


_NEUTRALIZED = re.compile(rf"([<\[]){ZERO_WIDTH_SPACE}")


def _compile_first_character(character: str, tails: list[str]) -> re.Pattern[str]:
    """Return a pattern for a character before one of these tails or a zero-width space."""
    return re.compile(rf"{re.escape(character)}(?={'|'.join([ZERO_WIDTH_SPACE, *tails])})")


class StreamRestorer:
    """Restores neutralised control tokens in a stream of text, however it is chunked."""

    def __init__(self, guard: ControlTokenGuard) -> None:
        self._guard = guard
        self._last_character = ""

    def feed(self, chunk: str) -> str:
        """Return the chunk without the zero-width spaces that the guard inserted."""
        if (
            ZERO_WIDTH_SPACE in chunk
            and self._last_character in _FIRST_CHARACTERS
            and chunk[0] == ZERO_WIDTH_SPACE
        ):
            self._last_character, chunk = ZERO_WIDTH_SPACE, chunk[1:]
        if chunk:
            self._last_character = chunk[-1]
        restored: str = self._guard.restore(chunk)
        return restored


def find_control_tokens(template: str | None, dialect_tokens: Iterable[str]) -> frozenset[str]:
    """Return the control tokens of a model: those in its template and those of its dialect.

    Without a template (None), all known tokens are returned.
    """
    return frozenset(
        {
            *dialect_tokens,
            *(token for token in _KNOWN_TOKENS if template is None or token in template),
        }
    )
