"""The app as data: routes, middleware, handlers and lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from ollama_claude_proxy.engine.engine import Engine
from ollama_claude_proxy.http.count_tokens import count_tokens
from ollama_claude_proxy.http.guard import Guard
from ollama_claude_proxy.http.health import health, hello, root
from ollama_claude_proxy.http.messages import create_message
from ollama_claude_proxy.http.models import get_model, list_models
from ollama_claude_proxy.http.not_found import answer_http_exception, reject_unsupported
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.connect import Transport, create_upstream

_ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_ROUTES = [
    Route("/", root),
    Route("/health", health),
    Route("/api/hello", hello),
    Route("/v1/messages", create_message, methods=["POST"]),
    Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
    Route("/v1/models", list_models),
    Route("/v1/models/{model_id:path}", get_model),
    Route("/v1/{path:path}", reject_unsupported, methods=_ANY),
]


def create_app(
    settings: Settings,
    *,
    transport: Transport | None = None,
    cache: Path | None = None,
    data: Path | None = None,
) -> Starlette:
    """Return the ASGI app.

    `transport` stands in for the network in tests. `cache` is the file with the facts about the
    models' templates (None: they are probed after every start), `data` the file with the remembered
    conversations (None: memory only).
    """
    engine = Engine(settings, create_upstream(settings, transport), cache=cache, data=data)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await engine.open()
        try:
            yield
        finally:
            await engine.close()

    app = Starlette(
        routes=_ROUTES,
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={HTTPException: answer_http_exception},
        lifespan=lifespan,
    )
    app.state.engine = engine
    return app
