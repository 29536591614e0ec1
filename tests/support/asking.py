"""Requests of one client, and the turns that follow them."""

from typing import Any

from support.proxy import Proxy

READ: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file. " * 20,
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
SYSTEM = "You are an agent. " * 400


def question(text: str, **more: Any) -> dict[str, Any]:
    return {
        "system": SYSTEM,
        "tools": [READ],
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def headers(session: str, agent: str = "", kind: str = "") -> dict[str, str]:
    named = {
        "x-claude-code-session-id": session,
        "x-claude-code-agent-id": agent,
        "x-claude-code-request-class": kind,
    }
    return {name: value for name, value in named.items() if value}


def ask(proxy: Proxy, body: dict[str, Any], **named: str) -> Any:
    full = {"model": "claude-opus-5-5", "max_tokens": 200, **body}
    return proxy.client.post("/v1/messages", json=full, headers=headers(**named) if named else {})


def next_turn(body: dict[str, Any], message: dict[str, Any], text: str) -> dict[str, Any]:
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": text} for call in calls
    ]
    turn = {"role": "assistant", "content": message["content"]}
    return body | {
        "messages": [*body["messages"], turn, {"role": "user", "content": results or text}]
    }
