"""Messages requests in short, and what is planned and sent for them."""

from typing import Any

import msgspec

from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build_plan import build_plan
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.wire.anthropic import parse_request
from ollama_claude_proxy.wire.model import ModelProfile
from support.chat_body import chat_body

ALL_CAPABILITIES = frozenset({"completion", "tools", "vision", "thinking"})
READ_TOOL = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}},
}


def make_profile(**facts: Any) -> ModelProfile:
    return ModelProfile(**({"name": "m:7b", "capabilities": ALL_CAPABILITIES} | facts))


def make_plan(profile: ModelProfile | None = None, window: int = 32768, **request: Any) -> Plan:
    body = {"model": "claude-x", "max_tokens": 100, "messages": [user_message("Hi")]} | request
    parsed = parse_request(msgspec.json.encode(body))
    return build_plan(parsed, profile or make_profile(), Policy(window=window))


def user_message(*content: Any) -> dict[str, Any]:
    blocks = [text_block(item) if isinstance(item, str) else item for item in content]
    return {"role": "user", "content": blocks}


def assistant_message(*content: Any) -> dict[str, Any]:
    return user_message(*content) | {"role": "assistant"}


def text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def tool_use(identifier: str = "t1", name: str = "Read", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def tool_result(identifier: str = "t1", content: Any = "ok", **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **fields}


def sent_messages(**request: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = chat_body(make_plan(**request))["messages"]
    return messages
