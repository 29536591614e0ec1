"""Events as server-sent events."""

from collections.abc import Iterable, Iterator

from ollama_claude_proxy.wire.events import (
    ContentBlockDelta,
    Event,
    TextDelta,
    ThinkingDelta,
    encode_json,
)

MEDIA_TYPE = "text/event-stream; charset=utf-8"
# No cache and no proxy in between may hold events back.
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


def encode_events(events: Iterable[Event]) -> bytes:
    """Return the bytes of events; deltas of one block in a row are written as one."""
    return b"".join(map(_encode, _merge_deltas(events)))


def _encode(event: Event) -> bytes:
    name = type(event).__struct_config__.tag
    return b"event: %b\ndata: %b\n\n" % (str(name).encode(), encode_json(event))


def _merge_deltas(events: Iterable[Event]) -> Iterator[Event]:
    """Join deltas of one block that arrived together: the same content in fewer bytes."""
    index = -1
    kind: type[TextDelta | ThinkingDelta] = TextDelta
    pieces: list[str] = []
    for event in events:
        delta = event.delta if type(event) is ContentBlockDelta else None
        if isinstance(delta, TextDelta | ThinkingDelta) and isinstance(event, ContentBlockDelta):
            if pieces and (event.index != index or type(delta) is not kind):
                yield ContentBlockDelta(index, kind("".join(pieces)))
                pieces = []
            index, kind = event.index, type(delta)
            pieces.append(delta.text if isinstance(delta, TextDelta) else delta.thinking)
            continue
        if pieces:
            yield ContentBlockDelta(index, kind("".join(pieces)))
            pieces = []
        yield event
    if pieces:
        yield ContentBlockDelta(index, kind("".join(pieces)))
