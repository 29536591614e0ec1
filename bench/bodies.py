"""The requests that are sent: what Claude Code sends after some turns of work, of a given size.

Made by a seeded generator, so that every run sends the same bytes: instructions in three blocks,
then turns. With tools, twelve of Claude Code's own schemas are offered (about 30 kB of them, as it
sends, where the size allows) and the turns are calls and files; without, they are talk.
"""

import json
import random
from pathlib import Path
from typing import Any

from client import MARKER
from floor import to_ollama

_TOOLS = Path(__file__).parent.parent / "tests" / "data" / "tools.json"
_NAMES = ("Agent", "Bash", "Edit", "ListAgents", "Read", "ReportFindings", "ScheduleWakeup")
_MORE_NAMES = ("Skill", "ToolSearch", "Workflow", "Write", "WebFetch")
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


class Writer:
    """Writes prose and code from a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def between(self, least: int, most: int) -> int:
        """Give a number."""
        return self._chance.randint(least, most)

    def text(self, size: int) -> str:
        """Give about `size` characters."""
        words = self._chance.choices(_WORDS, k=size // 5 + 1)
        return " ".join(words)[:size]


def body(size: int, *, tools: bool, seed: int = 7) -> dict[str, Any]:
    """Give a Messages request of `size` bytes as JSON, within a few hundred."""
    writer = Writer(seed)
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
    left = size - len(encode(request)) - 200
    while left > 0:
        pair = turns(writer, len(messages), min(left, writer.between(*_FILE_BYTES)))
        messages += pair
        left -= len(encode(pair))
    messages.append({"role": "user", "content": [{"type": "text", "text": MARKER.decode()}]})
    return request


def native_body(request: dict[str, Any]) -> dict[str, Any]:
    """Give the `/api/chat` body that says the same, for going to Ollama directly."""
    return to_ollama(request, "bench:latest")


def encode(value: object) -> bytes:
    """Give the JSON that a JavaScript client would send."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _system(writer: Writer, size: int) -> list[dict[str, Any]]:
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


def _tools(writer: Writer, size: int) -> list[dict[str, Any]]:
    """Give twelve tools, with descriptions as long as `size` asks for."""
    known = {tool["name"]: tool for tool in json.loads(_TOOLS.read_bytes())}
    tools = [dict(known[name]) for name in (*_NAMES, *_MORE_NAMES)]
    more = max(0, size - len(encode(tools))) // len(tools)
    for tool in tools:
        tool["description"] += writer.text(more)
    return tools


def _talk(writer: Writer, _number: int, size: int) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": [{"type": "text", "text": writer.text(size // 4)}]},
        {"role": "assistant", "content": [{"type": "text", "text": writer.text(size * 3 // 4)}]},
    ]


def _work(writer: Writer, number: int, size: int) -> list[dict[str, Any]]:
    """Give a call of a file and what it gave."""
    if not number:
        return [{"role": "user", "content": writer.text(size)}]
    identifier = f"toolu_{number:024x}"
    call = {"type": "tool_use", "id": identifier, "name": "Read", "input": {"file_path": "/a/b.py"}}
    said = {"type": "text", "text": writer.text(size // 10)}
    result = {"type": "tool_result", "tool_use_id": identifier, "content": writer.text(size)}
    return [
        {"role": "assistant", "content": [said, call]},
        {"role": "user", "content": [result]},
    ]
