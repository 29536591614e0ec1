"""Conversations that the proxy stores, and the rows of its database."""

import sqlite3
from pathlib import Path
from typing import Any

from support.proxy import Proxy
from support.turn_writer import Message


def send(proxy: Proxy, messages: list[Message], session: str = "s", **headers: str) -> Any:
    body = {"model": "claude-x", "max_tokens": 100, "messages": messages, "tools": []}
    hints = {"x-claude-code-session-id": session, "x-claude-code-request-class": "main"}
    reply = proxy.client.post("/v1/messages", json=body, headers=hints | headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def user_message(text: str) -> Message:
    return {"role": "user", "content": text}


def ok_message() -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": "Ok."}]}


def row_counts(data: Path) -> dict[str, int]:
    database = sqlite3.connect(data)
    names = ("conversations", "messages", "blocks", "passages", "heads")
    rows = {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone() for name in names}
    database.close()
    return {name: row[0] for name, row in rows.items()}
