"""The answers of the fake Ollama: scripted steps, or one recorded from a real Ollama."""

import threading
from dataclasses import dataclass
from typing import Any

from support.fake_chat_lines import go_json
from support.fake_http import NDJSON

__all__ = [
    "Answer",
    "Call",
    "ConnectionReset",
    "Disconnect",
    "Done",
    "EndOfBody",
    "Failure",
    "InvalidBytes",
    "Line",
    "LostText",
    "Pause",
    "RawText",
    "Step",
    "Thinking",
    "WaitFor",
    "answer",
    "go_json",
    "recorded_answer",
]


@dataclass
class Thinking:
    """A piece of thinking."""

    text: str


@dataclass
class Call:
    """A tool call; the model's path decides where it appears in the stream.

    If nothing parses it, as in answers to requests without tools, it appears as the text that the
    model writes.
    """

    name: str
    arguments: dict[str, Any]


@dataclass
class RawText:
    """Text that is sent unparsed, token by token, even if it contains a call."""

    text: str


@dataclass
class LostText:
    """Text that Ollama's parser drops: its tokens count, but only `logprobs` show it."""

    text: str


@dataclass
class Done:
    """The last line. `prompt_tokens` None: as many as the fake counts in the prompt."""

    reason: str = "stop"
    prompt_tokens: int | None = None
    tokens: int | None = None


@dataclass
class Line:
    """A line of the body, sent verbatim."""

    text: str


@dataclass
class Failure:
    """An error: with its status before the first line, otherwise as the last line."""

    error: str
    status: int = 500


@dataclass
class Pause:
    """Silence, in seconds."""

    seconds: float


@dataclass
class WaitFor:
    """Silence until the event is set or the client disconnects."""

    event: threading.Event


@dataclass
class InvalidBytes:
    """Bytes that are not NDJSON."""

    data: bytes


class ConnectionReset:
    """The connection is reset (RST), as when a machine in between crashes."""


class Disconnect:
    """The connection is closed (FIN) within the body, as when Ollama is killed."""


class EndOfBody:
    """The body ends properly, but without a `done` line."""


_ModelOutput = str | Thinking | Call | RawText | LostText
Step = (
    _ModelOutput
    | Done
    | Line
    | Failure
    | Pause
    | WaitFor
    | InvalidBytes
    | ConnectionReset
    | Disconnect
    | EndOfBody
)
_ENDING_STEPS = (Done, Failure, ConnectionReset, Disconnect, EndOfBody)


@dataclass
class Answer:
    """Steps, and how they are written.

    `chunk_size`: bytes per write (0: line by line); `in_one_write`: all lines in one write;
    `has_content_length`: one body with a content-length, as Ollama sends what is not streamed.
    """

    steps: list[Step]
    status: int = 200
    content_type: str = NDJSON
    chunk_size: int = 0
    in_one_write: bool = False
    has_content_length: bool = False


def answer(*steps: Step, chunk_size: int = 0, in_one_write: bool = False) -> Answer:
    """Script an answer; a `done` line is added unless another step ends it."""
    is_ended = any(isinstance(step, _ENDING_STEPS) for step in steps)
    return Answer(
        [*steps, *([] if is_ended else [Done()])], chunk_size=chunk_size, in_one_write=in_one_write
    )


def recorded_answer(
    transcript: dict[str, Any], *, chunk_size: int = 0, in_one_write: bool = False
) -> Answer:
    """Replay an answer of a real Ollama: the same lines, status, type and framing."""
    lines: list[Step] = [Line(line) for line in transcript["body_lines"]]
    return Answer(
        lines or [EndOfBody()],
        transcript["status"],
        transcript["headers"].get("content-type", ""),
        chunk_size,
        in_one_write,
        has_content_length="content-length" in transcript["headers"],
    )
