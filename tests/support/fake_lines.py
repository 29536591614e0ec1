"""The lines of an answer as Ollama writes them on each model's path."""

import json
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

CREATED_AT = "2026-11-23T14:45:29.619977398Z"

# Where calls stand: these paths say all of them in the done line, these all of a block in one line;
# any other path says each in a line of its own as it is complete.
_AT_THE_END = {"native", "parser:harmony"}
_A_BLOCK_A_LINE = {"parser:lfm2", "parser:olmo3", "parser:cohere"}


@dataclass
class Lines:
    """Writes one answer of a model on its path; counts what was said."""

    model: str
    path: str
    prompt_tokens: int
    _held: list[dict[str, Any]] = field(default_factory=list)
    _tokens: int = 0
    _calls: int = 0

    def text(self, piece: str) -> list[str]:
        self._tokens += 1
        return [*self._block(), self._message({"content": piece})]

    def thinking(self, piece: str) -> list[str]:
        self._tokens += 1
        return [*self._block(), self._message({"content": "", "thinking": piece})]

    def call(self, name: str, arguments: dict[str, Any]) -> list[str]:
        self._tokens += 10
        index = 0 if self.path == "parser:harmony" else self._calls
        self._calls += 1
        function = {"index": index, "name": name, "arguments": arguments}
        self._held.append({"id": _call_id(native=self.path == "native"), "function": function})
        if self.path in _AT_THE_END | _A_BLOCK_A_LINE:
            return []
        return self._said_calls()

    def done(self, reason: str, prompt_tokens: int | None, tokens: int | None) -> list[str]:
        lines = self._block()
        message: dict[str, Any] = {"content": ""}
        if self._held:
            message["tool_calls"] = self._held
        counts = {
            "done_reason": reason,
            "total_duration": 36849879,
            "load_duration": 5417862,
            "prompt_eval_count": self.prompt_tokens if prompt_tokens is None else prompt_tokens,
            "prompt_eval_duration": 6382000,
            "eval_count": self._tokens + 1 if tokens is None else tokens,
            "eval_duration": 24349927,
        }
        more = {name: count for name, count in counts.items() if count}  # Go leaves zeros out
        return [*lines, self._message(message, done=True, **more)]

    def _block(self) -> list[str]:
        """Give the line of a block of calls that has just ended, if there is one."""
        return self._said_calls() if self._held and self.path in _A_BLOCK_A_LINE else []

    def _said_calls(self) -> list[str]:
        line = self._message({"content": "", "tool_calls": self._held})
        self._held = []
        return [line]

    def _message(self, message: dict[str, Any], *, done: bool = False, **more: Any) -> str:
        line = {"model": self.model, "created_at": CREATED_AT}
        return go_json({**line, "message": {"role": "assistant", **message}, "done": done, **more})


def go_json(value: Any) -> str:
    """Give JSON as Go writes it: compact, with `<`, `>` and `&` escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def error_line(words: str) -> str:
    """Give the form in which Ollama says every error."""
    return go_json({"error": words})


def unstreamed(model: str, reason: str) -> str:
    """Give the answer to a request that only loads or unloads the model."""
    message = {"role": "assistant", "content": ""}
    line = {"model": model, "created_at": CREATED_AT, "message": message}
    return go_json({**line, "done": True, "done_reason": reason})


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


def _call_id(*, native: bool) -> str:
    if native:
        return "".join(random.choices(string.ascii_letters + string.digits, k=32))
    return "call_" + "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
