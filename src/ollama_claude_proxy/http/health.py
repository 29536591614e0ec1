"""Whether the proxy runs, and how it is set: `/`, `/health`, `/api/hello`."""

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ollama_claude_proxy import __version__
from ollama_claude_proxy.engine.engine import Engine
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.http.responses import json_response
from ollama_claude_proxy.upstream.catalog import context_window

# A request for the proxy's health does not wait longer for Ollama.
_TIMEOUT_SECONDS = 1.0


async def root(_request: Request) -> Response:
    """Return the name and the version of the proxy."""
    return PlainTextResponse(f"ollama-claude-proxy {__version__} is running\n")


async def hello(_request: Request) -> Response:
    """Answer the request that a client sends first."""
    return Response()


async def health(request: Request) -> Response:
    """Return the version, the model in use with its window in tokens, and whether Ollama answers.

    `calls` counts the tool calls since the start by the way they took; `last_prompt` has the tokens
    of the last prompt, how many of them the model was shown before, and where it changed;
    `first_prompt_tokens` is the size of the first prompt of the last session.

    The status is 200 even if Ollama is down: the proxy itself works and waits for it.
    """
    engine: Engine = request.app.state.engine
    turns = {
        "calls": msgspec.to_builtins(engine.totals.calls),
        "last_prompt": engine.totals.last_prompt,
        "first_prompt_tokens": engine.totals.first_prompt_tokens,
    }
    return json_response(
        {"status": "ok", "version": __version__, **await _describe_backend(engine), **turns}
    )


async def _describe_backend(engine: Engine) -> dict[str, Any]:
    report: dict[str, Any] = {
        "ollama_url": engine.settings.ollama_url,
        "ollama": None,
        "model": None,
        "window": None,
        "problem": None,
    }
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            report["ollama"] = await engine.upstream.version()
            profile = await engine.catalog.default_model()
            report["model"] = profile.name
            report["window"] = context_window(profile, engine.settings)
    except OcpError as error:
        report["problem"] = error.message
    except TimeoutError:
        report["problem"] = f"Ollama at {engine.settings.ollama_url!r} is slow to answer."
    return report
