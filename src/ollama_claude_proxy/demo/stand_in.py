"""A server with the part of Ollama's API that the proxy needs, and without a model.

Responses follow Ollama 0.32: newline-delimited JSON, a tool call in a line of its own, a last line
with `done` and the counts.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ollama_claude_proxy.demo.answers import MODEL, ScriptedToolCall, choose_answer

_VERSION = "0.32.15-ocp-demo"  # the newest version with this API
_SECONDS_PER_WORD = 0.03  # slow enough that people see it stream
_CHARS_PER_TOKEN = 4
_CONTEXT_LENGTH = 131_072
_DETAILS = {
    "format": "none",
    "family": MODEL,
    "parameter_size": "0",
    "quantization_level": "none",
}
_CAPABILITIES = ["completion", "tools"]
_MODIFIED_AT = "2026-11-01T00:00:00Z"


def create_stand_in() -> Starlette:
    """Return the stand-in as an ASGI app."""
    return Starlette(
        routes=[
            Route("/", _root),
            Route("/api/version", _version),
            Route("/api/tags", _tags),
            Route("/api/ps", _loaded),
            Route("/api/show", _show, methods=["POST"]),
            Route("/api/chat", _chat, methods=["POST"]),
        ]
    )


async def _root(_request: Request) -> Response:
    return PlainTextResponse(f"{MODEL} is running instead of Ollama; it is not a model\n")


async def _version(_request: Request) -> Response:
    return JSONResponse({"version": _VERSION})


async def _tags(_request: Request) -> Response:
    details = {"details": _DETAILS, "modified_at": _MODIFIED_AT, "capabilities": _CAPABILITIES}
    return JSONResponse({"models": [{**_model_entry(), "size": 0, **details}]})


async def _loaded(_request: Request) -> Response:
    memory = {"size": 0, "size_vram": 0, "context_length": _CONTEXT_LENGTH}
    return JSONResponse({"models": [{**_model_entry(), **memory}]})


async def _show(request: Request) -> Response:
    name = (await request.json()).get("model", "")
    if not _is_demo_model(name):
        return _not_found(name)
    return JSONResponse(
        {
            "modelfile": f"# {MODEL} is not a model",
            "template": "{{ .Messages }}",
            "details": _DETAILS,
            "model_info": {f"{MODEL}.context_length": _CONTEXT_LENGTH},
            "capabilities": _CAPABILITIES,
            "modified_at": _MODIFIED_AT,
        }
    )


async def _chat(request: Request) -> Response:
    body = await request.json()
    if not _is_demo_model(body.get("model", "")):
        return _not_found(body.get("model", ""))
    return StreamingResponse(_answer_lines(body), media_type="application/x-ndjson")


async def _answer_lines(body: dict[str, Any]) -> AsyncIterator[bytes]:
    """Yield the lines of an answer, a word at a time."""
    started = time.monotonic()
    answer = choose_answer(body.get("messages") or [], body.get("tools") or [])
    if isinstance(answer, ScriptedToolCall):
        function = {"index": 0, "name": answer.name, "arguments": answer.arguments}
        call = {"id": f"call_{secrets.token_hex(4)}", "function": function}
        yield _line({"content": "", "tool_calls": [call]})
        words = [json.dumps(answer.arguments)]
    else:
        words = re.findall(r"\s*\S+", answer)
        for word in words:
            yield _line({"content": word})
            await asyncio.sleep(_SECONDS_PER_WORD)
    yield _line({"content": ""}, **_counts(body, words, time.monotonic() - started))


def _counts(body: dict[str, Any], words: list[str], seconds: float) -> dict[str, Any]:
    prompt = json.dumps([body.get("messages"), body.get("tools")])
    return {
        "done": True,
        "done_reason": "stop",
        "total_duration": int(seconds * 1e9),
        "load_duration": 1_000_000,
        "prompt_eval_count": len(prompt) // _CHARS_PER_TOKEN,
        "prompt_eval_duration": 1_000_000,
        "eval_count": max(1, len("".join(words)) // _CHARS_PER_TOKEN),
        "eval_duration": int(seconds * 1e9) + 1,
    }


def _line(message: dict[str, Any], **fields: Any) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    common = {"model": MODEL, "created_at": now, "message": {"role": "assistant", **message}}
    return json.dumps({**common, "done": False, **fields}).encode() + b"\n"


def _model_entry() -> dict[str, str]:
    return {"name": MODEL, "model": MODEL, "digest": "0" * 64}


def _is_demo_model(name: str) -> bool:
    return name.removesuffix(":latest") == MODEL


def _not_found(name: str) -> Response:
    return JSONResponse({"error": f"model '{name}' not found"}, 404)
