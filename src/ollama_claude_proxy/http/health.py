"""Is it there, and what is it set to: `/`, `/health`, `/api/hello`."""

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ollama_claude_proxy import __version__
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.http.responses import json_response
from ollama_claude_proxy.upstream.catalog import window

# Seconds; whoever asks for the health of the proxy does not want to wait for Ollama.
_PATIENCE = 1.0


async def root(_request: Request) -> Response:
    """Say what answers here."""
    return PlainTextResponse(f"ollama-claude-proxy {__version__} is running\n")


async def hello(_request: Request) -> Response:
    """Answer the client's first knock."""
    return Response()


async def health(request: Request) -> Response:
    """Give the version, the model in use with its window in tokens, and whether Ollama answers.

    `calls` counts what became of tool calls since the start; `last_prompt` tells the tokens of the
    last prompt, how many of them the model was shown before, and what broke its beginning.

    The status is 200 though Ollama is down: the proxy itself is well and waits for it.
    """
    services: Services = request.app.state.services
    calls = {
        "calls": msgspec.to_builtins(services.tally),
        "last_prompt": services.last_prompt,
    }
    return json_response(
        {"status": "ok", "version": __version__, **await _ollama(services), **calls}
    )


async def _ollama(services: Services) -> dict[str, Any]:
    about: dict[str, Any] = {
        "ollama_url": services.settings.ollama_url,
        "ollama": None,
        "model": None,
        "window": None,
        "problem": None,
    }
    try:
        async with asyncio.timeout(_PATIENCE):
            about["ollama"] = await services.ollama.version()
            profile = await services.catalog.default_model()
            about["model"] = profile.name
            about["window"] = window(profile, services.settings)
    except OcpError as error:
        about["problem"] = error.message
    except TimeoutError:
        about["problem"] = f"Ollama at {services.settings.ollama_url!r} is slow to answer."
    return about
