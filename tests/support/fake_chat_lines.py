"""The lines of an answer as Ollama writes them on each model's path."""

import json
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from support.fake_call_formats import call_separator, format_call, split_tokens
from support.go_values import compact_json as go_json

__all__ = [
    "CREATED_AT",
    "ChatLines",
    "error_line",
    "go_json",
    "load_reply",
    "merge_lines",
    "rendering_reply",
]

CREATED_AT = "2026-11-23T14:45:29.619977398Z"

_FIRST_FIELDS = ("model", "created_at", "message", "done", "done_reason")

# Where calls appear: on these paths all in the done line, on the next ones a block in one line; on
# any other path each call has its own line once it is complete.
_CALLS_IN_LAST_LINE = {"native", "parser:harmony"}
_CALLS_IN_BLOCK_LINE = {"parser:lfm2", "parser:olmo3", "parser:cohere"}
# The tokens that these models write between their thinking and the rest.
_THINKING_END = {
    "parser:qwen3-thinking": ["\n", "</think>", "\n\n"],
    "parser:qwen3.5": ["\n", "</think>", "\n\n"],
    "parser:qwen3.8": ["\n", "</think>", "\n\n"],
    "parser:glm-4.7": ["</think>"],
}


@dataclass
class ChatLines:
    """Writes the lines of one answer as the model's path writes them, and counts its tokens.

    `parsed`: Ollama looks for calls in the model's text; `dialect`: how the model writes them;
    `logprobs`: each line lists its tokens, including those that appear nowhere else.
    `written_text` is all that the model wrote so far, except what was scripted as whole lines.
    Durations are in nanoseconds.
    """

    model: str
    path: str
    prompt_tokens: int
    dialect: str = ""
    parsed: bool = True
    logprobs: bool = False
    load_duration: int = 5417862
    prompt_eval_duration: int = 6382000
    written_text: str = ""
    _pending_calls: list[dict[str, Any]] = field(default_factory=list)
    _pending_tokens: list[str] = field(default_factory=list)
    _token_count: int = 0
    _call_count: int = 0
    _previous_kind: str = ""

    def text(self, piece: str) -> list[str]:
        opening_lines = self._begin("text", piece)
        return [*opening_lines, self._written({"content": piece}, piece)]

    def thinking(self, piece: str) -> list[str]:
        message = {"content": "", "thinking": piece}
        return [*self._begin("thinking", piece), self._written(message, piece)]

    def raw_text(self, text: str) -> list[str]:
        opening_lines = self._begin("text", text)
        return [
            *opening_lines,
            *(self._written({"content": piece}, piece) for piece in split_tokens(text)),
        ]

    def lost_text(self, text: str) -> list[str]:
        return [*self._begin("text", text), *self._swallowed_lines(split_tokens(text))]

    def call(self, name: str, arguments: dict[str, Any]) -> list[str]:
        written = format_call(self.dialect, name, arguments)
        if self._previous_kind == "call":
            written = call_separator(self.dialect) + written
        opening_lines = self._begin("call", written)
        if not self.parsed:
            return [
                *opening_lines,
                *(self._written({"content": token}, token) for token in split_tokens(written)),
            ]
        index = 0 if self.path == "parser:harmony" else self._call_count
        self._call_count += 1
        function = {"index": index, "name": name, "arguments": arguments}
        self._pending_calls.append(
            {"id": _call_id(native=self.path == "native"), "function": function}
        )
        return [*opening_lines, *self._parsed_call(written)]

    def done(self, reason: str, prompt_tokens: int | None, tokens: int | None) -> list[str]:
        lines = self._end_call_block()
        message: dict[str, Any] = {"content": ""}
        if self._pending_calls:
            message["tool_calls"] = self._pending_calls
        counts = {
            "done_reason": reason,
            "total_duration": self.load_duration + self.prompt_eval_duration + 25050017,
            "load_duration": self.load_duration,
            "prompt_eval_count": self.prompt_tokens if prompt_tokens is None else prompt_tokens,
            "prompt_eval_duration": self.prompt_eval_duration,
            "eval_count": self._token_count + 1 if tokens is None else tokens,
            "eval_duration": 24349927,
        }
        fields = {name: count for name, count in counts.items() if count}  # Go leaves zeros out
        return [*lines, self._message(message, done=True, **fields)]

    def _begin(self, kind: str, written: str) -> list[str]:
        """End what came before: a block of calls, or thinking, whose tag only logprobs show."""
        before, self._previous_kind = self._previous_kind, kind
        lines = [] if kind == "call" else self._end_call_block()
        if before == "thinking" and kind != "thinking" and self.path in _THINKING_END:
            lines += self._swallowed_lines(_THINKING_END[self.path])
            self.written_text += "".join(_THINKING_END[self.path])
        self.written_text += written
        return lines

    def _parsed_call(self, written: str) -> list[str]:
        """Return the lines of a call's tokens, and of the call once it is complete."""
        tokens = split_tokens(written)
        if self.path in _CALLS_IN_LAST_LINE:
            return self._swallowed_lines(tokens)
        if self.path in _CALLS_IN_BLOCK_LINE:
            lines = self._swallowed_lines(
                self._pending_tokens, counted=False
            ) + self._swallowed_lines(tokens[:-1])
            self._pending_tokens = tokens[-1:]
            self._token_count += 1
            return lines
        # A call of a Go template is complete with its JSON, any other with the closing tag.
        end = written.rindex("}") + 1 if self.path == "go-template" else len(written)
        last = len(split_tokens(written[:end])) - 1
        self._token_count += 1
        return [
            *self._swallowed_lines(tokens[:last]),
            *self._calls_line(tokens[last]),
            *self._swallowed_lines(tokens[last + 1 :]),
        ]

    def _end_call_block(self) -> list[str]:
        """Return the line of a block of calls that has just ended, if there is one."""
        if not self._pending_calls or self.path not in _CALLS_IN_BLOCK_LINE:
            return []
        tokens, self._pending_tokens = self._pending_tokens, []
        return self._calls_line(*tokens)

    def _calls_line(self, *tokens: str) -> list[str]:
        line = self._message({"content": "", "tool_calls": self._pending_calls}, *tokens)
        self._pending_calls = []
        return [line]

    def _written(self, message: dict[str, Any], token: str) -> str:
        self._token_count += 1
        return self._message(message, token)

    def _swallowed_lines(self, tokens: Sequence[str], *, counted: bool = True) -> list[str]:
        """Count tokens that produce no text; they have lines only if logprobs were requested."""
        self._token_count += len(tokens) if counted else 0
        return [self._message({"content": ""}, token) for token in tokens] if self.logprobs else []

    def _message(
        self, message: dict[str, Any], *tokens: str, done: bool = False, **fields: Any
    ) -> str:
        line = {"model": self.model, "created_at": CREATED_AT}
        if self.logprobs and tokens:
            fields["logprobs"] = [_logprob(token) for token in tokens]
        return go_json(
            {**line, "message": {"role": "assistant", **message}, "done": done, **fields}
        )


def error_line(text: str) -> str:
    """Return an error in the form of all Ollama errors."""
    return go_json({"error": text})


def load_reply(model: str, reason: str) -> str:
    """Return the answer to a request that only loads or unloads the model."""
    message = {"role": "assistant", "content": ""}
    line = {"model": model, "created_at": CREATED_AT, "message": message}
    return go_json({**line, "done": True, "done_reason": reason})


def rendering_reply(model: str, prompt: str) -> str:
    """Return the answer to a request that only asks for its prompt."""
    line = {"model": model, "created_at": CREATED_AT, "message": {"role": "", "content": ""}}
    return go_json({**line, "done": False, "_debug_info": {"rendered_template": prompt}})


def merge_lines(lines: Sequence[str]) -> dict[str, Any]:
    """Return the one object that `stream: false` answers with."""
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
    first_fields = {name: whole[name] for name in _FIRST_FIELDS if name in whole}
    return first_fields | ({"logprobs": logprobs} if logprobs else {}) | whole


def _logprob(token: str) -> dict[str, Any]:
    data = token.encode("utf-8", "surrogatepass")
    return {"token": token, "logprob": -0.25, "bytes": list(data)}


def _call_id(*, native: bool) -> str:
    if native:
        return "".join(random.choices(string.ascii_letters + string.digits, k=32))
    return "call_" + "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
