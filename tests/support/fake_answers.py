"""What the fake Ollama says: scripted steps, or an answer recorded from a real Ollama."""

import json
import random
import string
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CREATED_AT = "2026-11-23T14:45:29.619977398Z"


@dataclass
class Thinking:
    """A piece of thinking."""

    text: str


@dataclass
class Call:
    """A tool call; where it stands in the stream is the model's path's business."""

    name: str
    arguments: dict[str, Any]


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
    """Silence until somebody sets the event (or the client goes)."""

    event: threading.Event


@dataclass
class Garbage:
    """Bytes that are no NDJSON."""

    data: bytes


class Reset:
    """The connection is reset, as by a crash."""


class Eof:
    """The body ends in good order, but without a `done` line."""


Step = str | Thinking | Call | Done | Line | Failure | Pause | Until | Garbage | Reset | Eof
_LAST = (Done, Failure, Reset, Eof)


@dataclass
class Answer:
    """Steps, and in how many bytes at a time they are written (0: line by line)."""

    steps: list[Step]
    status: int = 200
    content_type: str = "application/x-ndjson"
    chunk: int = 0
    together: bool = False


def answer(*steps: Step, chunk: int = 0, together: bool = False) -> Answer:
    """Script an answer; a `done` line follows where nothing else ends it."""
    ended = any(isinstance(step, _LAST) for step in steps)
    return Answer([*steps, *([] if ended else [Done()])], chunk=chunk, together=together)


def recorded(transcript: dict[str, Any], *, chunk: int = 0, together: bool = False) -> Answer:
    """Say what a real Ollama said: the same lines, status and type."""
    lines: list[Step] = [Line(line) for line in transcript["body_lines"]]
    return Answer(
        lines or [Eof()],
        transcript["status"],
        transcript["headers"].get("content-type", ""),
        chunk,
        together,
    )


@dataclass
class Writer:
    """Writes the lines of one answer as Ollama does on a model's path."""

    model: str
    native: bool
    prompt_tokens: int
    waiting: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    calls: int = 0

    def line(self, step: Step) -> str | None:
        """Give the line of a step, or None where it waits for the `done` line."""
        match step:
            case str():
                self.tokens += 1
                return self._message({"content": step})
            case Thinking(text):
                self.tokens += 1
                return self._message({"content": "", "thinking": text})
            case Call():
                return self._call(step)
            case Done():
                return self._done(step)
            case Failure(error):
                return go_json({"error": error})
            case Line(text):
                return text
            case _:
                raise TypeError(step)

    def _call(self, call: Call) -> str | None:
        self.tokens += 10
        function = {"index": self.calls, "name": call.name, "arguments": call.arguments}
        self.calls += 1
        shaped = {"id": _call_id(native=self.native), "function": function}
        if self.native:
            self.waiting.append(shaped)
            return None
        return self._message({"content": "", "tool_calls": [shaped]})

    def _done(self, done: Done) -> str:
        message: dict[str, Any] = {"content": ""}
        if self.waiting:
            message["tool_calls"] = self.waiting
        counts = {
            "done_reason": done.reason,
            "total_duration": 36849879,
            "load_duration": 5417862,
            "prompt_eval_count": done.prompt_tokens or self.prompt_tokens,
            "prompt_eval_duration": 6382000,
            "eval_count": done.tokens if done.tokens is not None else self.tokens + 1,
            "eval_duration": 24349927,
        }
        return self._message(message, done=True, **counts)

    def _message(self, message: dict[str, Any], *, done: bool = False, **more: Any) -> str:
        line = {"model": self.model, "created_at": CREATED_AT}
        return go_json({**line, "message": {"role": "assistant", **message}, "done": done, **more})


def go_json(value: Any) -> str:
    """Give JSON as Go writes it: compact, with `<`, `>` and `&` escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _call_id(*, native: bool) -> str:
    if native:
        return "".join(random.choices(string.ascii_letters + string.digits, k=32))
    return "call_" + "".join(random.choices(string.ascii_lowercase + string.digits, k=8))


def joined(lines: Sequence[str]) -> dict[str, Any]:
    """Give the one object that `stream: false` answers with."""
    whole: dict[str, Any] = {}
    content, thinking, calls = "", "", list[Any]()
    for line in lines:
        whole |= json.loads(line)
        message = whole.get("message", {})
        content += message.get("content", "")
        thinking += message.get("thinking", "")
        calls += message.get("tool_calls", [])
    message = {"role": "assistant", "content": content}
    message |= {"thinking": thinking} if thinking else {}
    message |= {"tool_calls": calls} if calls else {}
    return whole | {"message": message}
