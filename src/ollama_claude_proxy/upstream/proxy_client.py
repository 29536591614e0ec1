"""A small client of the proxy itself, for `ocp doctor`, `ocp demo` and `ocp try`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import msgspec

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.ndjson import LineSplitter

_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 60.0  # the proxy pings six times in that


@dataclass
class Reply:
    """What the events of an answer add up to; `calls` are `tool_use` blocks with their input."""

    text: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    stop_reason: str = ""
    output_tokens: int = 0
    _input: str = ""

    def add(self, event: dict[str, Any]) -> None:
        """Add the next event."""
        match event:
            case {"type": "content_block_start", "content_block": {"type": "tool_use"} as block}:
                self.calls.append(block)
                self._input = ""
            case {"type": "content_block_delta", "delta": {"partial_json": piece}}:
                self._input += piece
            case {"type": "content_block_delta", "delta": {"text": piece}}:
                self.text += piece
            case {"type": "content_block_stop"} if self._input:
                self.calls[-1]["input"] = msgspec.json.decode(self._input)
                self._input = ""
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                self.stop_reason = delta["stop_reason"]
                self.output_tokens = usage["output_tokens"]


@dataclass(frozen=True)
class WholeReply:
    """An answer that was not streamed; `call_counts` is what `x-ocp-calls` tells of its calls."""

    blocks: list[dict[str, Any]]
    output_tokens: int
    call_counts: dict[str, int]


class ProxyClient:
    """Asks the proxy at `base_url` as a client of Anthropic's Messages API does.

    Every method raises OcpError, with the proxy's own words, when the answer is an error.
    """

    def __init__(self, base_url: str, token: str | None = None) -> None:
        self._url = base_url
        self._client = httpx.AsyncClient(
            base_url=base_url,
            trust_env=False,
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            headers={
                "anthropic-version": "2023-06-01",
                **({"authorization": f"Bearer {token}"} if token else {}),
            },
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def stream(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Send a Messages request; yield the events of the answer as they come."""
        content = {**body, "stream": True}
        try:
            async with self._client.stream("POST", "/v1/messages", json=content) as response:
                if response.status_code != 200:
                    raise _refusal(response.status_code, await response.aread())
                async for event in _events(response):
                    yield event
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def ask(self, body: dict[str, Any]) -> Reply:
        """Send a Messages request; return its whole answer."""
        reply = Reply()
        async for event in self.stream(body):
            reply.add(event)
        return reply

    async def ask_whole(self, body: dict[str, Any], *, seconds: float) -> WholeReply:
        """Send a Messages request that is not streamed; return its answer.

        Raises TimeoutError if it does not come in `seconds`.
        """
        content = {**body, "stream": False}
        timeout = httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
        try:
            response = await self._client.post("/v1/messages", json=content, timeout=timeout)
        except httpx.ReadTimeout as error:
            raise TimeoutError from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code != 200:
            raise _refusal(response.status_code, response.content)
        message = response.json()
        counts = _call_counts(response.headers.get("x-ocp-calls", ""))
        return WholeReply(message["content"], message["usage"]["output_tokens"], counts)

    async def count_tokens(self, body: dict[str, Any]) -> int:
        """Return how many tokens a Messages request has."""
        try:
            response = await self._client.post("/v1/messages/count_tokens", json=body)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code != 200:
            raise _refusal(response.status_code, response.content)
        return int(response.json()["input_tokens"])

    def _unreachable(self, error: httpx.HTTPError) -> OcpError:
        reason = str(error) or type(error).__name__
        return OcpError(
            f"The proxy at {self._url!r} does not answer ({reason}).", remedy="Try `ocp serve`."
        )


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    splitter = LineSplitter()
    async for data in response.aiter_bytes():
        for line in splitter.feed(data):
            if not line.startswith(b"data:"):
                continue
            event: dict[str, Any] = msgspec.json.decode(line[5:])
            if event.get("type") == "error":
                raise OcpError(event["error"]["message"])
            yield event


def _call_counts(header: str) -> dict[str, int]:
    """Return the counts of a header such as `read=1 repaired=1`."""
    pairs = (pair.partition("=") for pair in header.split())
    return {name: int(count) for name, _, count in pairs}


def _refusal(status: int, body: bytes) -> OcpError:
    try:
        return OcpError(str(msgspec.json.decode(body)["error"]["message"]))
    except (msgspec.DecodeError, KeyError, TypeError):
        return OcpError(f"The proxy answered with status {status} and no reason.")
