"""A whole response of Ollama: whether it is one, and its body, up to a limit."""

import asyncio
from contextlib import suppress

import httpx

from ollama_claude_proxy.errors import AnswerUnreadable
from ollama_claude_proxy.upstream.ollama.answer_stream import body_of
from ollama_claude_proxy.upstream.ollama.error_text import quoted
from ollama_claude_proxy.upstream.ollama.failures import (
    RequestContext,
    error_from_exception,
    error_from_response,
)

# `/api/show` of a model with all its licences and tensors has some 100 kB, with a vocabulary of
# 262,000 tokens 14 MB.
_MAX_BYTES = 32 * 1024 * 1024


async def check_response(
    response: httpx.Response, context: RequestContext, max_seconds: float
) -> None:
    """Raise the error that a status other than 200, or another type than JSON, means.

    Its body is read for `max_seconds` at most: that of another server may never end.
    """
    content_type = response.headers.get("content-type", "")
    if response.status_code == 200 and "json" in content_type:
        return
    body = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(max_seconds):
            body = await read_body(response, context)
    if response.status_code != 200:
        raise error_from_response(response.status_code, body, context)
    words = quoted(body[:200].decode("utf-8", "replace"))
    raise AnswerUnreadable(
        f"The server at {context.url!r} is not Ollama: it sends {content_type!r}, not JSON:"
        f" {words!r}."
    )


async def read_body(response: httpx.Response, context: RequestContext) -> bytes:
    """Return a whole body; raises AnswerUnreadable if it is larger than anything of Ollama."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in body_of(response):
            parts.append(part)
            size += len(part)
            if size > _MAX_BYTES:
                raise AnswerUnreadable(f"{context.url!r} answered with over {_MAX_BYTES} bytes.")
    except httpx.RequestError as error:
        raise error_from_exception(error, context, within=True) from error
    return b"".join(parts)
