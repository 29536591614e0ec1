"""The app as data: routes, middleware, handlers and lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from ollama_claude_proxy.engine.generation import Generations
from ollama_claude_proxy.engine.idle.vram_fit import WINDOW
from ollama_claude_proxy.engine.services import Services
from ollama_claude_proxy.http.count_tokens import count_tokens
from ollama_claude_proxy.http.guard import Guard
from ollama_claude_proxy.http.health import health, hello, root
from ollama_claude_proxy.http.messages import messages
from ollama_claude_proxy.http.models import model, models
from ollama_claude_proxy.http.not_found import unknown, unsupported
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.store import Store
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.template_probe import facts_of, sentinels
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.ollama.client import Ollama, Transport
from ollama_claude_proxy.upstream.ollama.template_facts import Calibration

_ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

_ROUTES = [
    Route("/", root),
    Route("/health", health),
    Route("/api/hello", hello),
    Route("/v1/messages", messages, methods=["POST"]),
    Route("/v1/messages/count_tokens", count_tokens, methods=["POST"]),
    Route("/v1/models", models),
    Route("/v1/models/{model_id:path}", model),
    Route("/v1/{path:path}", unsupported, methods=_ANY),
]


def create_app(
    settings: Settings,
    *,
    transport: Transport | None = None,
    cache: Path | None = None,
    data: Path | None = None,
) -> Starlette:
    """Give the ASGI app.

    `transport` stands in for the network in tests; `cache` is the file that keeps what was found of
    the models' templates, None: they are asked anew each time. `data` is the file that keeps what
    is remembered of conversations, None: memory only.
    """
    ollama = Ollama(
        settings.ollama_url, connect_timeout=settings.connect_timeout, transport=transport
    )
    calibration = Calibration(ollama, sentinels, facts_of, cache)
    database = Database(None if settings.memory == "private" else data)
    catalog = Catalog(ollama, settings, Store(database).facts(WINDOW))
    services = Services(settings, ollama, catalog, calibration, database)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await services.open()
        try:
            yield
        finally:
            await services.close()

    app = Starlette(
        routes=_ROUTES,
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={HTTPException: unknown},
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.generations = Generations()
    return app
