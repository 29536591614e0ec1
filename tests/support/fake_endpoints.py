"""The endpoints of the fake Ollama other than `/api/chat`, and how a request's body is read."""

import asyncio
import ipaddress
import json
from collections.abc import Callable, Iterable
from typing import Any

from support.fake_chat_lines import error_line, go_json
from support.fake_http import NDJSON, PLAIN, Request, chunk, send, send_head, write
from support.fake_models import FakeModel
from support.fake_refusals import model_name_error
from support.go_decode_errors import decode_error

_LOCAL_HOSTS = ("localhost", ".localhost", ".local", ".internal")
_PATHS = {
    "/": ("GET", "HEAD"),
    "/api/version": ("GET", "HEAD"),
    "/api/tags": ("GET", "HEAD"),
    "/api/ps": ("GET",),
    "/api/show": ("POST",),
    "/api/pull": ("POST",),
    "/api/embed": ("POST",),
    "/api/chat": ("POST",),
}
_NO_EMBEDDINGS = "This server does not support embeddings. Start it with `--embeddings`"


class Endpoints:
    """The models, and the endpoints that list, describe, pull and embed with them."""

    def __init__(self, models: Iterable[FakeModel], version: str) -> None:
        self.models = {model.name: model for model in models}
        self.version = version
        self.loaded: dict[str, int] = {}
        self.windows: dict[str, int] = {}
        self.vocabulary_seconds = 0.0
        self.pulls: list[dict[str, Any]] = []
        self.embed: Callable[[str], list[float]] = lambda text: [float(len(text)), 1.0]

    def model(self, name: str) -> FakeModel | None:
        """Find a model; a name without a tag means `:latest`."""
        return self.models.get(name) or self.models.get(f"{name}:latest")

    async def read_chat_request(
        self, request: Request, writer: asyncio.StreamWriter
    ) -> FakeModel | None:
        """Read the body of `/api/chat` and return its model; None: the request was refused."""
        error = body_error(request) or decode_error(request.body) or model_name_error(request.body)
        if error is not None:
            await send(writer, 400, error_line(error))
            return None
        model = self.model(request.body["model"])
        if model is None:
            await send(writer, 404, error_line(_not_found(request)))
        return model

    async def serve_other(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer a request that is not a chat."""
        if request.path not in _PATHS:
            await send(writer, 404, "404 page not found", PLAIN)
        elif request.method not in _PATHS[request.path]:
            await send(writer, 405, "405 method not allowed", PLAIN)
        elif request.method == "POST":
            await self._post(request, writer)
        else:
            await self._get(request, writer)

    async def _get(self, request: Request, writer: asyncio.StreamWriter) -> None:
        without_body = request.method == "HEAD"
        if request.path == "/":
            content_type = f"{PLAIN}; charset=utf-8"
            await send(writer, 200, "Ollama is running", content_type, without_body=without_body)
            return
        running = [
            self.models[name].running(size, self.windows.get(name))
            for name, size in self.loaded.items()
        ]
        replies: dict[str, Any] = {
            "/api/version": {"version": self.version},
            "/api/tags": {"models": [model.tag() for model in self.models.values()]},
            "/api/ps": {"models": running},
        }
        await send(writer, 200, go_json(replies[request.path]), without_body=without_body)

    async def _post(self, request: Request, writer: asyncio.StreamWriter) -> None:
        error = body_error(request)
        if error is not None:
            await send(writer, 400, error_line(error))
        elif request.path == "/api/pull":
            await self._pull(request, writer)
        elif (model := self.model(request.body.get("model", ""))) is None:
            await send(writer, 404, error_line(_not_found(request)))
        elif request.path == "/api/embed":
            await self._embed(request, model, writer)
        else:
            await self._show(request, model, writer)

    async def _show(self, request: Request, model: FakeModel, writer: asyncio.StreamWriter) -> None:
        """Describe a model; the lists of its vocabulary are null unless it is asked for them."""
        shown = model.show()
        if request.body.get("verbose"):
            await asyncio.sleep(self.vocabulary_seconds)
            shown["model_info"] |= model.tokenizer
        await send(writer, 200, go_json(shown))

    async def _embed(
        self, request: Request, model: FakeModel, writer: asyncio.StreamWriter
    ) -> None:
        if "embedding" not in model.capabilities:
            await send(writer, 501, error_line(_NO_EMBEDDINGS))
            return
        texts = request.body["input"]
        vectors = [self.embed(text) for text in ([texts] if isinstance(texts, str) else texts)]
        reply = {
            "model": model.name,
            "embeddings": vectors,
            "total_duration": 1,
            "load_duration": 1,
        }
        await send(writer, 200, go_json(reply))

    async def _pull(self, request: Request, writer: asyncio.StreamWriter) -> None:
        name = request.body["model"]
        lines = self.pulls or [{"status": "pulling manifest"}, {"status": "success"}]
        await send_head(writer, 200, NDJSON)
        for line in lines:
            await write(writer, chunk(go_json(line).encode() + b"\n"))
            await asyncio.sleep(0.02)
        if lines[-1].get("status") == "success":
            self.models[name] = FakeModel(name)
        await write(writer, chunk(b""))


def body_error(request: Request) -> str | None:
    """Decode the JSON of a body into the request; return Go's error if it is invalid, or None."""
    text = request.raw.decode("utf-8", "replace")
    if not text:
        return "missing request body"
    try:
        request.body = json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated"):
            return "unexpected EOF"
        return f"invalid character {text[error.pos]!r} looking for beginning of value"
    return None


def _not_found(request: Request) -> str:
    return f"model '{request.body.get('model', '')}' not found"


def has_foreign_host(request: Request) -> bool:
    """Whether the `Host` is neither an address nor a local name."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] or host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return bool(name) and not name.endswith(_LOCAL_HOSTS)
    return False
