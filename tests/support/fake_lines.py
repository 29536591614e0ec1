"""The lines of an answer as Ollama writes them on each model's path."""

import json
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from support.fake_dialects import pieces, separator, spoken
from support.fake_go import compact as go_json

__all__ = ["CREATED_AT", "Lines", "error_line", "go_json", "joined", "rendered", "unstreamed"]

CREATED_AT = "2026-11-23T14:45:29.619977398Z"

_FRONT = ("model", "created_at", "message", "done", "done_reason")

# Where calls stand: these paths say all of them in the done line, these all of a block in one line;
# any other path says each in a line of its own as it is complete.
_AT_THE_END = {"native", "parser:harmony"}
_A_BLOCK_A_LINE = {"parser:lfm2", "parser:olmo3", "parser:cohere"}
# What these models write between their thinking and the rest.
_CLOSED_BY = {
    "parser:qwen3-thinking": ["\n", "</think>", "\n\n"],
    "parser:qwen3.5": ["\n", "</think>", "\n\n"],
    "parser:qwen3.8": ["\n", "</think>", "\n\n"],
    "parser:glm-4.7": ["</think>"],
}


@dataclass
class Lines:
    """Writes one answer of a model on its path; counts what was said.

    `parsed`: Ollama looks for calls in what the model says; `dialect`: how the model writes them;
    `logprobs`: each line tells the tokens that came with it, also those that show in no other way.
    `said` is all that the model wrote so far, save what was scripted as whole lines. Durations are
    in nanoseconds.
    """

    model: str
    path: str
    prompt_tokens: int
    dialect: str = ""
    parsed: bool = True
    logprobs: bool = False
    load_duration: int = 5417862
    prompt_eval_duration: int = 6382000
    said: str = ""
    _held: list[dict[str, Any]] = field(default_factory=list)
    _unsaid: list[str] = field(default_factory=list)
    _tokens: int = 0
    _calls: int = 0
    _after: str = ""

    def text(self, piece: str) -> list[str]:
        begun = self._begin("text", piece)
        return [*begun, self._said({"content": piece}, piece)]

    def thinking(self, piece: str) -> list[str]:
        message = {"content": "", "thinking": piece}
        return [*self._begin("thinking", piece), self._said(message, piece)]

    def raw(self, text: str) -> list[str]:
        begun = self._begin("text", text)
        return [*begun, *(self._said({"content": piece}, piece) for piece in pieces(text))]

    def lost(self, text: str) -> list[str]:
        return [*self._begin("text", text), *self._swallowed(pieces(text))]

    def call(self, name: str, arguments: dict[str, Any]) -> list[str]:
        written = spoken(self.dialect, name, arguments)
        if self._after == "call":
            written = separator(self.dialect) + written
        begun = self._begin("call", written)
        if not self.parsed:
            return [*begun, *(self._said({"content": one}, one) for one in pieces(written))]
        index = 0 if self.path == "parser:harmony" else self._calls
        self._calls += 1
        function = {"index": index, "name": name, "arguments": arguments}
        self._held.append({"id": _call_id(native=self.path == "native"), "function": function})
        return [*begun, *self._parsed_call(written)]

    def done(self, reason: str, prompt_tokens: int | None, tokens: int | None) -> list[str]:
        lines = self._block()
        message: dict[str, Any] = {"content": ""}
        if self._held:
            message["tool_calls"] = self._held
        counts = {
            "done_reason": reason,
            "total_duration": self.load_duration + self.prompt_eval_duration + 25050017,
            "load_duration": self.load_duration,
            "prompt_eval_count": self.prompt_tokens if prompt_tokens is None else prompt_tokens,
            "prompt_eval_duration": self.prompt_eval_duration,
            "eval_count": self._tokens + 1 if tokens is None else tokens,
            "eval_duration": 24349927,
        }
        more = {name: count for name, count in counts.items() if count}  # Go leaves zeros out
        return [*lines, self._message(message, done=True, **more)]

    def _begin(self, kind: str, written: str) -> list[str]:
        """End what stood before: a block of calls, or thinking, whose tag only logprobs tell."""
        before, self._after = self._after, kind
        lines = [] if kind == "call" else self._block()
        if before == "thinking" and kind != "thinking" and self.path in _CLOSED_BY:
            lines += self._swallowed(_CLOSED_BY[self.path])
            self.said += "".join(_CLOSED_BY[self.path])
        self.said += written
        return lines

    def _parsed_call(self, written: str) -> list[str]:
        """Give the lines of a call's tokens, and of the call where it is complete."""
        tokens = pieces(written)
        if self.path in _AT_THE_END:
            return self._swallowed(tokens)
        if self.path in _A_BLOCK_A_LINE:
            lines = self._swallowed(self._unsaid, counted=False) + self._swallowed(tokens[:-1])
            self._unsaid = tokens[-1:]
            self._tokens += 1
            return lines
        # A Go template's call is complete with its JSON, any other with the closing tag.
        end = written.rindex("}") + 1 if self.path == "go-template" else len(written)
        last = len(pieces(written[:end])) - 1
        self._tokens += 1
        return [
            *self._swallowed(tokens[:last]),
            *self._said_calls(tokens[last]),
            *self._swallowed(tokens[last + 1 :]),
        ]

    def _block(self) -> list[str]:
        """Give the line of a block of calls that has just ended, if there is one."""
        if not self._held or self.path not in _A_BLOCK_A_LINE:
            return []
        unsaid, self._unsaid = self._unsaid, []
        return self._said_calls(*unsaid)

    def _said_calls(self, *tokens: str) -> list[str]:
        line = self._message({"content": "", "tool_calls": self._held}, *tokens)
        self._held = []
        return [line]

    def _said(self, message: dict[str, Any], token: str) -> str:
        self._tokens += 1
        return self._message(message, token)

    def _swallowed(self, tokens: Sequence[str], *, counted: bool = True) -> list[str]:
        """Count tokens that come to nothing; they have lines only where logprobs were asked."""
        self._tokens += len(tokens) if counted else 0
        return [self._message({"content": ""}, token) for token in tokens] if self.logprobs else []

    def _message(
        self, message: dict[str, Any], *tokens: str, done: bool = False, **more: Any
    ) -> str:
        line = {"model": self.model, "created_at": CREATED_AT}
        if self.logprobs and tokens:
            more["logprobs"] = [_logprob(token) for token in tokens]
        return go_json({**line, "message": {"role": "assistant", **message}, "done": done, **more})


def error_line(words: str) -> str:
    """Give the form in which Ollama says every error."""
    return go_json({"error": words})


def unstreamed(model: str, reason: str) -> str:
    """Give the answer to a request that only loads or unloads the model."""
    message = {"role": "assistant", "content": ""}
    line = {"model": model, "created_at": CREATED_AT, "message": message}
    return go_json({**line, "done": True, "done_reason": reason})


def rendered(model: str, prompt: str) -> str:
    """Give the answer to a request that only asks for its prompt."""
    line = {"model": model, "created_at": CREATED_AT, "message": {"role": "", "content": ""}}
    return go_json({**line, "done": False, "_debug_info": {"rendered_template": prompt}})


def joined(lines: Sequence[str]) -> dict[str, Any]:
    """Give the one object that `stream: false` answers with."""
    whole: dict[str, Any] = {}
    content, thinking, calls, logprobs = "", "", list[Any](), list[Any]()
    for line in lines:
        whole |= json.loads(line)
        logprobs += whole.pop("logprobs", [])
        message = whole.get("message", {})
        content += message.get("content", "")
        thinking += message.get("thinking", "")
        calls += message.get("tool_calls", [])
    message = {"role": "assistant", "content": content}
    message |= {"thinking": thinking} if thinking else {}
    message |= {"tool_calls": calls} if calls else {}
    whole["message"] = message
    front = {name: whole[name] for name in _FRONT if name in whole}
    return front | ({"logprobs": logprobs} if logprobs else {}) | whole


def _logprob(token: str) -> dict[str, Any]:
    data = token.encode("utf-8", "surrogatepass")
    return {"token": token, "logprob": -0.25, "bytes": list(data)}


def _call_id(*, native: bool) -> str:
    if native:
        return "".join(random.choices(string.ascii_letters + string.digits, k=32))
    return "call_" + "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
