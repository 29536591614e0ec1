"""What the fake Ollama says: scripted steps, or an answer recorded from a real Ollama."""

import threading
from dataclasses import dataclass
from typing import Any

from support.fake_http import NDJSON
from support.fake_lines import go_json

__all__ = [
    "Answer",
    "Call",
    "Cut",
    "Done",
    "Eof",
    "Failure",
    "Garbage",
    "Line",
    "Lost",
    "Pause",
    "Raw",
    "Reset",
    "Step",
    "Thinking",
    "Until",
    "answer",
    "go_json",
    "recorded",
]


@dataclass
class Thinking:
    """A piece of thinking."""

    text: str


@dataclass
class Call:
    """A tool call; where it stands in the stream is the model's path's business.

    Where nobody parses it, as in answers to requests without tools, it comes as the text that the
    model writes.
    """

    name: str
    arguments: dict[str, Any]


@dataclass
class Raw:
    """Text that comes token by token as it is, also where it holds a call."""

    text: str


@dataclass
class Lost:
    """Text that Ollama's parser swallows: it counts, but only `logprobs` tell of it."""

    text: str


@dataclass
class Done:
    """The last line. `prompt_tokens` None: as many as the fake counts in the prompt."""

    reason: str = "stop"
    prompt_tokens: int | None = None
    tokens: int | None = None


@dataclass
class Line:
    """A line of the body as it is."""

    text: str


@dataclass
class Failure:
    """An error: with its status before the first line, else as the last line."""

    error: str
    status: int = 500


@dataclass
class Pause:
    """Silence, in seconds."""

    seconds: float


@dataclass
class Until:
    """Silence until somebody sets the event (or the client goes); a new event never is."""

    event: threading.Event


@dataclass
class Garbage:
    """Bytes that are no NDJSON."""

    data: bytes


class Reset:
    """The connection is reset (RST), as by a crash of the machine between."""


class Cut:
    """The connection is closed (FIN) within the body, as when Ollama is killed."""


class Eof:
    """The body ends in good order, but without a `done` line."""


_Spoken = str | Thinking | Call | Raw | Lost
Step = _Spoken | Done | Line | Failure | Pause | Until | Garbage | Reset | Cut | Eof
_LAST = (Done, Failure, Reset, Cut, Eof)


@dataclass
class Answer:
    """Steps, and how they are written.

    `chunk`: so many bytes at a time (0: line by line); `together`: all lines in one write;
    `counted`: one body with a content-length, as Ollama sends what is not streamed.
    """

    steps: list[Step]
    status: int = 200
    content_type: str = NDJSON
    chunk: int = 0
    together: bool = False
    counted: bool = False


def answer(*steps: Step, chunk: int = 0, together: bool = False) -> Answer:
    """Script an answer; a `done` line follows where nothing else ends it."""
    ended = any(isinstance(step, _LAST) for step in steps)
    return Answer([*steps, *([] if ended else [Done()])], chunk=chunk, together=together)


def recorded(transcript: dict[str, Any], *, chunk: int = 0, together: bool = False) -> Answer:
    """Say what a real Ollama said: the same lines, status, type and framing."""
    lines: list[Step] = [Line(line) for line in transcript["body_lines"]]
    return Answer(
        lines or [Eof()],
        transcript["status"],
        transcript["headers"].get("content-type", ""),
        chunk,
        together,
        counted="content-length" in transcript["headers"],
    )
