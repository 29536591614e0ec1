"""Recordings in `tests/data`: streams of a real Ollama, and requests of the real Claude Code."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "data"
Body = dict[str, Any]


@cache
def transcripts() -> dict[str, dict[str, Any]]:
    """Give all answers recorded from Ollama 0.32.15, by id."""
    found = {one["id"]: one for one in _read("transcripts.jsonl.gz")}
    for one in found.values():
        one["body_lines"] = [line for line in one["body_lines"] if not line.startswith("…")]
    return found


def chat_transcripts() -> dict[str, dict[str, Any]]:
    """Give those that answer a well-formed `/api/chat` request."""
    return {
        name: one
        for name, one in transcripts().items()
        if "url" not in one and "messages" in (one.get("request") or {})
    }


@cache
def replays() -> list[dict[str, Any]]:
    """Give all recorded requests: `file`, `target`, `headers` (pairs) and `body`, in order."""
    return _read("replays.jsonl.gz")


def successive_turns() -> list[tuple[str, Body, Body]]:
    """Give each request of a conversation with the one that continues it, and a name for both."""
    found = []
    last: dict[tuple[str, str], tuple[str, Body]] = {}
    for replay in replays():
        if not replay["target"].startswith("/v1/messages?"):
            continue
        agent = dict(replay["headers"]).get("x-claude-code-agent-id", "")
        key = (replay["file"].rpartition("_")[0], agent)
        name, body = replay["file"].removesuffix(".json"), replay["body"]
        if key in last and _continues(last[key][1], body):
            found.append((f"{last[key][0]}-{name[-2:]}", last[key][1], body))
        last[key] = (name, body)
    return found


def _read(name: str) -> list[dict[str, Any]]:
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _continues(before: Body, after: Body) -> bool:
    earlier, later = _plain(before["messages"]), _plain(after["messages"])
    return len(later) > len(earlier) and later[: len(earlier)] == earlier


def _plain(messages: list[Any]) -> Any:
    """Messages without what means nothing: cache marks, and strings written as blocks."""
    whole = [
        message
        | {
            "content": [{"type": "text", "text": message["content"]}]
            if isinstance(message["content"], str)
            else message["content"]
        }
        for message in messages
    ]
    return json.loads(json.dumps(whole), object_hook=_without_cache_control)


def _without_cache_control(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != "cache_control"}
