"""`/v1/models`: the installed models in Anthropic's shape.

Claude Code keeps only ids that begin with `claude`, so each model is listed under an alias and
shown by its true name. Every field that the SDK's types require is there.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ollama_claude_proxy.engine.engine import Engine
from ollama_claude_proxy.errors import InvalidRequest, ModelNotFound, ModelNotInstalled
from ollama_claude_proxy.http.responses import json_response
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.upstream.catalog import context_window
from ollama_claude_proxy.wire.model import ModelProfile, alias

_MAX_LIMIT = 1000
_DEFAULT_LIMIT = 20
_UNKNOWN_TIME = "1970-01-01T00:00:00Z"


async def list_models(request: Request) -> Response:
    """List the installed models that can chat, a page at a time."""
    engine: Engine = request.app.state.engine
    installed = [profile for profile in await engine.catalog.installed() if profile.completion]
    entries = [_entry(profile, engine.settings) for profile in installed]
    query = request.query_params
    page, more = _page(
        entries, _limit(query.get("limit")), query.get("after_id"), query.get("before_id")
    )
    return json_response(
        {
            "data": page,
            "has_more": more,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
        }
    )


async def get_model(request: Request) -> Response:
    """Return one model, by its alias or its true name."""
    engine: Engine = request.app.state.engine
    name = request.path_params["model_id"]
    try:
        profile = await engine.catalog.profile(name)
    except ModelNotInstalled:
        raise ModelNotFound(name) from None
    return json_response(_entry(profile, engine.settings))


def _limit(value: str | None) -> int:
    if value is None:
        return _DEFAULT_LIMIT
    if not value.isdigit() or not 1 <= int(value) <= _MAX_LIMIT:
        raise InvalidRequest(f"limit: Input should be a valid integer from 1 to {_MAX_LIMIT}")
    return int(value)


def _page(
    entries: list[dict[str, Any]], limit: int, after: str | None, before: str | None
) -> tuple[list[dict[str, Any]], bool]:
    """Return a page, and whether there are more in its direction."""
    ids = [entry["id"] for entry in entries]
    for name, model_id in (("after_id", after), ("before_id", before)):
        if model_id is not None and model_id not in ids:
            raise InvalidRequest(f"{name}: there is no model {model_id!r}")
    if before is not None:
        entries = entries[: ids.index(before)]
        return entries[-limit:], len(entries) > limit
    if after is not None:
        entries = entries[ids.index(after) + 1 :]
    return entries[:limit], len(entries) > limit


def _entry(profile: ModelProfile, settings: Settings) -> dict[str, Any]:
    tokens = context_window(profile, settings)
    return {
        "type": "model",
        "id": alias(profile.name),
        "display_name": profile.name,
        "created_at": profile.modified_at or _UNKNOWN_TIME,
        "lifecycle": "active",
        "line": None,
        "max_input_tokens": tokens,
        "max_tokens": tokens,
        "capabilities": _capabilities(profile),
        "deprecated_at": None,
        "retires_at": None,
    }


def _capabilities(profile: ModelProfile) -> dict[str, Any]:
    no, yes = {"supported": False}, {"supported": True}
    thinking = {"supported": profile.thinking}
    levels = {"supported": profile.has_thinking_levels}
    return {
        "batch": no,
        "citations": no,
        "code_execution": no,
        "context_management": no,
        "effort": levels | dict.fromkeys(("low", "medium", "high", "xhigh", "max"), levels),
        "image_input": {"supported": profile.vision},
        "pdf_input": no,
        "server_tools": no | {"code_execution": no, "web_search": no},
        "structured_outputs": yes,
        "thinking": thinking
        | {
            "types": {
                "adaptive": thinking,
                "between_tools": no,
                "disabled": {"supported": not profile.has_thinking_levels},
                "enabled": thinking,
            }
        },
    }
