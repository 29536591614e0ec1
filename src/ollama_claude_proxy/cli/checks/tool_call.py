"""The check that decides whether Claude Code can work: a tool call and its result, by the proxy.

It uses the running proxy, or starts one for the check.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.proxy import base_url, find_running_proxy
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.proxy_client import ProxyClient

_TIMEOUT = 300  # seconds
_CHOOSE_BETTER = "Choose a model that is better at tools: `ocp models`."
_PROMPT = "Use the tool read_note to read the note named 'today', then tell me its code word."
_NOTE = "The code word is heron."
_CODE_WORD = "heron"
_TOOL = {
    "name": "read_note",
    "description": "Reads a note.",
    "input_schema": {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "The name of the note."}},
        "required": ["name"],
    },
}


def check_tool_call(context: CheckContext) -> list[Finding]:
    """Have the model call a tool and use its result."""
    output.print_message(f"waiting for {context.model.name} to call a tool (5 minutes at most)")
    started = time.monotonic()
    try:
        with _proxy_url(context.settings) as url:
            problem = asyncio.run(_round_trip(url, context.settings.token, context.model.name))
    except OcpError as error:
        return [failed(error.problem, error.advice)]
    except TimeoutError:
        return [failed("no answer in 5 minutes", _CHOOSE_BETTER)]
    if problem is not None:
        return [problem]
    return [ok(f"called a tool and used its result, in {time.monotonic() - started:.1f} s")]


@contextmanager
def _proxy_url(settings: Settings) -> Iterator[str]:
    """Yield the URL of the running proxy, or of one that runs as long as the block."""
    if settings.port and find_running_proxy(settings, timeout=3.0) is not None:
        yield base_url(settings)
        return
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.cli.runner import open_free_socket, serve_in_thread  # noqa: PLC0415

    listener = open_free_socket()
    host, port = listener.getsockname()[:2]
    with serve_in_thread(
        create_app(settings.model_copy(update={"host": host, "port": port})), listener
    ) as url:
        yield url


async def _round_trip(url: str, token: str | None, model: str) -> Finding | None:
    """Ask, run the call and send its result; return what went wrong, or None."""
    from ollama_claude_proxy.upstream.proxy_client import ProxyClient  # noqa: PLC0415  # 0.1 s

    messages: list[dict[str, Any]] = [{"role": "user", "content": _PROMPT}]
    async with asyncio.timeout(_TIMEOUT), ProxyClient(url, token) as probe:
        first = await probe.ask(_request_body(model, messages))
        if not first.calls:
            return failed(f"{model} answered in words instead of calling the tool", _CHOOSE_BETTER)
        call = first.calls[0]
        if call["name"] != _TOOL["name"] or not isinstance(call["input"].get("name"), str):
            return failed(f"{model} called {call['name']!r} with {call['input']!r}", _CHOOSE_BETTER)
        return await _send_tool_result(probe, model, messages, call)


async def _send_tool_result(
    probe: "ProxyClient", model: str, messages: list[dict[str, Any]], call: dict[str, Any]
) -> Finding | None:
    tool_result = {"type": "tool_result", "tool_use_id": call["id"], "content": _NOTE}
    messages += [
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [tool_result]},
    ]
    second = await probe.ask(_request_body(model, messages))
    if _CODE_WORD in second.text.lower():
        return None
    return warning(f"{model} called the tool, but did not use its result", _CHOOSE_BETTER)


def _request_body(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"model": model, "max_tokens": 1024, "messages": messages, "tools": [_TOOL]}
