"""A server that speaks as much of Ollama's API as the proxy needs, without a model behind it.

Shapes follow Ollama 0.32: newline-delimited JSON, a call in a line of its own, a last line with
`done` and the counts.
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

from ollama_claude_proxy.demo.answers import MODEL, Call, answer

_VERSION = "0.32.15-ocp-demo"  # the newest whose API this follows
_WORD_SECONDS = 0.03  # slow enough to be seen to stream
_LETTERS_A_TOKEN = 4
_CONTEXT = 131_072
_DETAILS = {
    "format": "none",
    "family": MODEL,
    "parameter_size": "0",
    "quantization_level": "none",
}
_ABILITIES = ["completion", "tools"]
_MODIFIED = "2026-11-01T00:00:00Z"


def create_standin() -> Starlette:
    """Give the stand-in as an ASGI app."""
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
    return PlainTextResponse(f"{MODEL} is running in the place of Ollama; it is no model\n")


async def _version(_request: Request) -> Response:
    return JSONResponse({"version": _VERSION})


async def _tags(_request: Request) -> Response:
    listed = {"details": _DETAILS, "modified_at": _MODIFIED, "capabilities": _ABILITIES}
    return JSONResponse({"models": [{**_named(), "size": 0, **listed}]})


async def _loaded(_request: Request) -> Response:
    memory = {"size": 0, "size_vram": 0, "context_length": _CONTEXT}
    return JSONResponse({"models": [{**_named(), **memory}]})


async def _show(request: Request) -> Response:
    asked = (await request.json()).get("model", "")
    if not _is_ours(asked):
        return _not_found(asked)
    return JSONResponse(
        {
            "modelfile": f"# {MODEL} is no model",
            "template": "{{ .Messages }}",
            "details": _DETAILS,
            "model_info": {f"{MODEL}.context_length": _CONTEXT},
            "capabilities": _ABILITIES,
            "modified_at": _MODIFIED,
        }
    )


async def _chat(request: Request) -> Response:
    body = await request.json()
    if not _is_ours(body.get("model", "")):
        return _not_found(body.get("model", ""))
    return StreamingResponse(_lines(body), media_type="application/x-ndjson")


async def _lines(body: dict[str, Any]) -> AsyncIterator[bytes]:
    """Give the lines of an answer, a word at a time."""
    began = time.monotonic()
    said = answer(body.get("messages") or [], body.get("tools") or [])
    if isinstance(said, Call):
        function = {"index": 0, "name": said.name, "arguments": said.arguments}
        call = {"id": f"call_{secrets.token_hex(4)}", "function": function}
        yield _line({"content": "", "tool_calls": [call]})
        words = [json.dumps(said.arguments)]
    else:
        words = re.findall(r"\s*\S+", said)
        for word in words:
            yield _line({"content": word})
            await asyncio.sleep(_WORD_SECONDS)
    yield _line({"content": ""}, **_counts(body, words, time.monotonic() - began))


def _counts(body: dict[str, Any], words: list[str], seconds: float) -> dict[str, Any]:
    prompt = json.dumps([body.get("messages"), body.get("tools")])
    return {
        "done": True,
        "done_reason": "stop",
        "total_duration": int(seconds * 1e9),
        "load_duration": 1_000_000,
        "prompt_eval_count": len(prompt) // _LETTERS_A_TOKEN,
        "prompt_eval_duration": 1_000_000,
        "eval_count": max(1, len("".join(words)) // _LETTERS_A_TOKEN),
        "eval_duration": int(seconds * 1e9) + 1,
    }


def _line(message: dict[str, Any], **more: Any) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    head = {"model": MODEL, "created_at": now, "message": {"role": "assistant", **message}}
    return json.dumps({**head, "done": False, **more}).encode() + b"\n"


def _named() -> dict[str, str]:
    return {"name": MODEL, "model": MODEL, "digest": "0" * 64}


def _is_ours(name: str) -> bool:
    return name.removesuffix(":latest") == MODEL


def _not_found(name: str) -> Response:
    return JSONResponse({"error": f"model '{name}' not found"}, 404)
