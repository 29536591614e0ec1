"""Recordings in `tests/data`: streams of a real Ollama, and requests of the real Claude Code."""

import gzip
import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "data"
Body = dict[str, Any]


@cache
def transcripts() -> dict[str, dict[str, Any]]:
    """Return all answers recorded from Ollama 0.32.15, by id."""
    answers = {answer["id"]: answer for answer in _read("transcripts.jsonl.gz")}
    for answer in answers.values():
        answer["body_lines"] = [line for line in answer["body_lines"] if not line.startswith("…")]
    return answers


def chat_transcripts() -> dict[str, dict[str, Any]]:
    """Return the recorded answers to well-formed `/api/chat` requests."""
    return {
        name: answer
        for name, answer in transcripts().items()
        if "url" not in answer and "messages" in (answer.get("request") or {})
    }


@cache
def replays() -> list[dict[str, Any]]:
    """Return all recorded requests: `file`, `target`, `headers` (pairs) and `body`, in order."""
    return _read("replays.jsonl.gz")


@cache
def conversations() -> dict[str, list[dict[str, Any]]]:
    """Return the Messages requests of each recorded session in order, subagents separately.

    The main thread of `s05_subagents_*.json` is `s05_subagents`; a subagent's name ends with a
    slash and the id that the client gave it.
    """
    answers: dict[str, list[dict[str, Any]]] = {}
    for replay in replays():
        if replay["target"].startswith("/v1/messages?"):
            session = replay["file"].rpartition("_")[0]
            agent = dict(replay["headers"]).get("x-claude-code-agent-id")
            answers.setdefault(f"{session}/{agent}" if agent else session, []).append(replay)
    return answers


def successive_turns() -> list[tuple[str, Body, Body]]:
    """Return each request of a conversation with the one that continues it, and their name."""
    return [
        (f"{_name(before)}-{_name(after)[-2:]}", before["body"], after["body"])
        for conversation in conversations().values()
        for before, after in pairwise(conversation)
        if _continues(before["body"], after["body"])
    ]


def _read(name: str) -> list[dict[str, Any]]:
    with gzip.open(_DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _name(replay: dict[str, Any]) -> str:
    name: str = replay["file"].removesuffix(".json")
    return name


def _continues(before: Body, after: Body) -> bool:
    earlier, later = _plain(before["messages"]), _plain(after["messages"])
    return len(later) > len(earlier) and later[: len(earlier)] == earlier


def _plain(messages: list[Any]) -> Any:
    """Return messages without cache marks, and with strings as text blocks."""
    normalized = [
        message
        | {
            "content": [{"type": "text", "text": message["content"]}]
            if isinstance(message["content"], str)
            else message["content"]
        }
        for message in messages
    ]
    return json.loads(json.dumps(normalized), object_hook=_without_cache_control)


def _without_cache_control(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != "cache_control"}
