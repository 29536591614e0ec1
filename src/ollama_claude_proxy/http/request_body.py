"""Reading a request body under a cap."""

from starlette.requests import ClientDisconnect, Request

from ollama_claude_proxy.errors import BodyTooLarge, InvalidRequest


async def read_body(request: Request, maximum: int) -> bytes:
    """Give the whole body; raises BodyTooLarge above `maximum` bytes, without reading on."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > maximum:
        raise _too_large(maximum)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > maximum:
                raise _too_large(maximum)
            chunks.append(chunk)
    except ClientDisconnect:
        raise InvalidRequest("The connection was closed before the whole body came.") from None
    return b"".join(chunks)


def _too_large(maximum: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is over {maximum} bytes.",
        remedy="Send less, or raise `max_body_bytes` (`ocp config`).",
    )
