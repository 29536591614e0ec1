"""Messages requests as Claude Code sends them, and their next turns."""

from typing import Any

from support.proxy import Proxy

READ_TOOL: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file. " * 20,
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
SYSTEM_PROMPT = "You are an agent. " * 400


def first_request(text: str, **fields: Any) -> dict[str, Any]:
    return {
        "system": SYSTEM_PROMPT,
        "tools": [READ_TOOL],
        "messages": [{"role": "user", "content": text}],
        **fields,
    }


def session_headers(session: str, agent: str = "", kind: str = "") -> dict[str, str]:
    headers = {
        "x-claude-code-session-id": session,
        "x-claude-code-agent-id": agent,
        "x-claude-code-request-class": kind,
    }
    return {name: value for name, value in headers.items() if value}


def send_request(proxy: Proxy, body: dict[str, Any], **session: str) -> Any:
    request = {"model": "claude-opus-5-5", "max_tokens": 200, **body}
    return proxy.client.post(
        "/v1/messages", json=request, headers=session_headers(**session) if session else {}
    )


def next_turn(body: dict[str, Any], message: dict[str, Any], text: str) -> dict[str, Any]:
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": text} for call in calls
    ]
    turn = {"role": "assistant", "content": message["content"]}
    return body | {
        "messages": [*body["messages"], turn, {"role": "user", "content": results or text}]
    }
