"""Recorded turns as a local model might have generated them, and as the client returns them."""

import json
from typing import Any


def calls_offered_tools(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the next turn calls only tools that were offered when it was generated."""
    names = {tool["name"] for tool in before.get("tools") or ()}
    content = after["messages"][len(before["messages"])]["content"]
    blocks = content if isinstance(content, list) else []
    return all(block["name"] in names for block in blocks if block["type"] == "tool_use")


def format_call(block: dict[str, Any], model: str) -> str:
    """Write a call as no template would: without spaces, with the keys of the model."""
    key = "parameters" if model.startswith("llama") else "arguments"
    call = json.dumps({"name": block["name"], key: block["input"]}, separators=(",", ":"))
    if model.startswith("llama"):
        return f"\n{call}\n"
    return f"```json\n{call}\n```" if model.startswith("smol") else f"<tool_call>{call}</tool_call>"


def raw_turn(message: dict[str, Any], model: str) -> str:
    """Return the raw text of a recorded turn as this model might have generated it."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    parts = [
        block["text"] if block["type"] == "text" else format_call(block, model)
        for block in blocks
        if block["type"] in {"text", "tool_use"}
    ]
    return "\n\n".join(parts)


def content_blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else content


def replace_ids(body: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(body)
    for old, new in ids.items():
        text = text.replace(old, new)
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def echo_content(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a turn as the client sends it back: text first, input keys in another order."""
    texts = [block for block in content if block["type"] == "text"]
    calls = [block for block in content if block["type"] == "tool_use"]
    for call in calls:
        call["input"] = dict(sorted(call["input"].items(), reverse=True))
    return [*texts, *calls]
