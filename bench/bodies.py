"""The request bodies: what Claude Code sends after some turns of work, of a given size.

A seeded generator makes them, so that every run sends the same bytes: instructions in three blocks,
then turns. With tools, twelve of Claude Code's own schemas are offered (about 30 kB, as Claude Code
sends, if the size allows) and the turns are calls and files; without tools, they are talk.
"""

import json
import random
from pathlib import Path
from typing import Any

from client import MARKER
from floor import to_ollama

_TOOLS = Path(__file__).parent.parent / "tests" / "data" / "tools.json"
_TOOL_NAMES = ("Agent", "Bash", "Edit", "ListAgents", "Read", "ReportFindings", "ScheduleWakeup")
_MORE_TOOL_NAMES = ("Skill", "ToolSearch", "Workflow", "Write", "WebFetch")
_TOOL_BYTES = 30_000
_INSTRUCTION_BYTES = 7_000
_FILE_BYTES = (300, 6_000)
_TEXT = """\
the session store keeps every message once and the window is fitted from it when a plan would exceed
what the model can hold while the reader of a stream never waits for its writer café 的 because
tokens that have arrived leave in one write path/to/module.py self._events = []
    return {"key": value} if <condition> else None
    def feed(self, line): # why & how
        raise
"""
_WORDS = _TEXT.split(" ")


class TextWriter:
    """Writes prose and code from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """Return a random integer from `low` to `high`."""
        return self._random.randint(low, high)

    def text(self, size: int) -> str:
        """Return a text of `size` characters."""
        words = self._random.choices(_WORDS, k=size // 5 + 1)
        return " ".join(words)[:size]


def messages_body(size: int, *, tools: bool, seed: int = 7) -> dict[str, Any]:
    """Return a Messages request of `size` bytes as JSON, within a few hundred."""
    writer = TextWriter(seed)
    request: dict[str, Any] = {
        "model": "claude-sonnet-4-5",
        "messages": [],
        "system": _system(writer, min(_INSTRUCTION_BYTES, size // 4)),
        "tools": _tools(writer, min(_TOOL_BYTES, size // 2)) if tools else [],
        "metadata": {"user_id": json.dumps({"device_id": "0" * 64, "session_id": "s"})},
        "max_tokens": 32_000,
        "stream": True,
    }
    if not tools:
        del request["tools"]
    turns = _work if tools else _talk
    messages = request["messages"]
    messages += turns(writer, 0, 800)
    remaining = size - len(encode(request)) - 200
    while remaining > 0:
        new_messages = turns(writer, len(messages), min(remaining, writer.between(*_FILE_BYTES)))
        messages += new_messages
        remaining -= len(encode(new_messages))
    messages.append({"role": "user", "content": [{"type": "text", "text": MARKER.decode()}]})
    return request


def native_body(request: dict[str, Any]) -> dict[str, Any]:
    """Return the `/api/chat` body of a request, for sending to Ollama directly."""
    return to_ollama(request, "bench:latest")


def encode(value: object) -> bytes:
    """Return the JSON that a JavaScript client would send."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _system(writer: TextWriter, size: int) -> list[dict[str, Any]]:
    texts = (
        "x-anthropic-billing-header: cc_version=2.1.330.a1b; cc_entrypoint=cli;",
        "You are Claude Code, Anthropic's official CLI for Claude.",
        writer.text(size),
    )
    cached = {"cache_control": {"type": "ephemeral"}}
    return [
        {"type": "text", "text": text} | (cached if index else {})
        for index, text in enumerate(texts)
    ]


def _tools(writer: TextWriter, size: int) -> list[dict[str, Any]]:
    """Return twelve tools, with descriptions extended to `size` bytes in all."""
    tools_by_name = {tool["name"]: tool for tool in json.loads(_TOOLS.read_bytes())}
    tools = [dict(tools_by_name[name]) for name in (*_TOOL_NAMES, *_MORE_TOOL_NAMES)]
    extra = max(0, size - len(encode(tools))) // len(tools)
    for tool in tools:
        tool["description"] += writer.text(extra)
    return tools


def _talk(writer: TextWriter, _number: int, size: int) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": [{"type": "text", "text": writer.text(size // 4)}]},
        {"role": "assistant", "content": [{"type": "text", "text": writer.text(size * 3 // 4)}]},
    ]


def _work(writer: TextWriter, number: int, size: int) -> list[dict[str, Any]]:
    """Return the reading of a file and its result."""
    if not number:
        return [{"role": "user", "content": writer.text(size)}]
    identifier = f"toolu_{number:024x}"
    call = {"type": "tool_use", "id": identifier, "name": "Read", "input": {"file_path": "/a/b.py"}}
    text = {"type": "text", "text": writer.text(size // 10)}
    result = {"type": "tool_result", "tool_use_id": identifier, "content": writer.text(size)}
    return [
        {"role": "assistant", "content": [text, call]},
        {"role": "user", "content": [result]},
    ]
