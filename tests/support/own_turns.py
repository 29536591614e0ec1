"""Recorded turns as a local model might have written them, and as the client sends them back."""

import json
from typing import Any


def offered(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the tools that the next turn calls were offered when it was written."""
    names = {tool["name"] for tool in before.get("tools") or ()}
    said = after["messages"][len(before["messages"])]["content"]
    blocks = said if isinstance(said, list) else []
    return all(block["name"] in names for block in blocks if block["type"] == "tool_use")


def written(block: dict[str, Any], model: str) -> str:
    """Write a call as no template would: without spaces, keys as the model likes them."""
    key = "parameters" if model.startswith("llama") else "arguments"
    call = json.dumps({"name": block["name"], key: block["input"]}, separators=(",", ":"))
    if model.startswith("llama"):
        return f"\n{call}\n"
    return f"```json\n{call}\n```" if model.startswith("smol") else f"<tool_call>{call}</tool_call>"


def spoken(message: dict[str, Any], model: str) -> str:
    """Give the raw text of a recorded turn, as this model might have written it."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    parts = [
        block["text"] if block["type"] == "text" else written(block, model)
        for block in blocks
        if block["type"] in {"text", "tool_use"}
    ]
    return "\n\n".join(parts)


def blocks_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else content


def renamed(body: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(body)
    for old, new in ids.items():
        text = text.replace(old, new)
    changed: dict[str, Any] = json.loads(text)
    return changed


def echoed(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a turn as the client sends it back: the text first, the inputs written anew."""
    texts = [block for block in content if block["type"] == "text"]
    calls = [block for block in content if block["type"] == "tool_use"]
    for call in calls:
        call["input"] = dict(sorted(call["input"].items(), reverse=True))
    return [*texts, *calls]
