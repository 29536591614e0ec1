"""The floor: the proxy's job in bare Starlette, httpx and json, with no features at all.

It shows what these libraries cost on this machine, so that a figure of the proxy can be read as a
ratio. It maps text, calls, results and tools, and validates nothing.

Usage: python bench/floor.py PORT OLLAMA_URL
"""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route


def to_ollama(request: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the `/api/chat` body of a Messages request."""
    messages = [{"role": "system", "content": _text(request.get("system") or "")}]
    for message in request["messages"]:
        messages += _messages(message)
    tools = [_tool(tool) for tool in request.get("tools", ())]
    return {
        "model": model,
        "messages": messages,
        "tools": tools,
        "stream": True,
        "truncate": False,
        "options": {"num_ctx": 1_048_576, "num_predict": request["max_tokens"]},
    }


def _messages(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    results = [
        {"role": "tool", "content": _text(block["content"])}
        for block in content
        if block["type"] == "tool_result"
    ]
    calls = [
        {"function": {"name": block["name"], "arguments": block["input"]}}
        for block in content
        if block["type"] == "tool_use"
    ]
    text = _text(content)
    if calls:
        return [{"role": "assistant", "content": text, "tool_calls": calls}]
    return results + ([{"role": message["role"], "content": text}] if text else [])


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n\n".join(block["text"] for block in content if block["type"] == "text")


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = {
        "name": tool["name"],
        "description": tool["description"],
        "parameters": tool["input_schema"],
    }
    return {"type": "function", "function": function}


async def _messages_endpoint(request: Request) -> StreamingResponse:
    body = to_ollama(json.loads(await request.body()), "bench:latest")
    client: httpx.AsyncClient = request.app.state.client
    upstream = client.build_request(
        "POST",
        "/api/chat",
        content=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    response = await client.send(upstream, stream=True)
    return StreamingResponse(_events(response), media_type="text/event-stream")


async def _events(response: httpx.Response) -> AsyncIterator[bytes]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    yield _event({"type": "message_start", "message": message})
    block = {"type": "text", "text": ""}
    yield _event({"type": "content_block_start", "index": 0, "content_block": block})
    async for line in response.aiter_lines():
        text = json.loads(line)["message"]["content"]
        if text:
            delta = {"type": "text_delta", "text": text}
            yield _event({"type": "content_block_delta", "index": 0, "delta": delta})
    await response.aclose()
    yield _event({"type": "content_block_stop", "index": 0})
    yield _event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
    yield _event({"type": "message_stop"})


def _event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


async def _health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


def main(port: int, ollama_url: str) -> None:
    """Serve until the process is stopped."""
    routes = [
        Route("/v1/messages", _messages_endpoint, methods=["POST"]),
        Route("/health", _health),
    ]
    app = Starlette(routes=routes)
    limits = httpx.Limits(max_connections=None)
    app.state.client = httpx.AsyncClient(base_url=ollama_url, timeout=None, limits=limits)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_level="error",
        access_log=False,
        http="h11",
        loop="asyncio",
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
