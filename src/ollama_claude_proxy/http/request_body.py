"""Reading a request body under a cap."""

from starlette.requests import ClientDisconnect, Request

from ollama_claude_proxy.errors import BodyTooLarge, InvalidRequest


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the whole body; raises BodyTooLarge above `max_bytes`, without reading on."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            chunks.append(chunk)
    except ClientDisconnect:
        raise InvalidRequest("The connection was closed before the whole body arrived.") from None
    return b"".join(chunks)


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is over {max_bytes} bytes.",
        remedy="Send less, or raise `max_body_bytes` (`ocp config`).",
    )
