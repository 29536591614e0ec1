"""The check that decides whether Claude Code can work: a tool call, there and back, by the proxy.

It goes to the proxy that runs, or to one of its own where none does.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.proxy import base_url, running_proxy
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.proxy_client import Probe

_SECONDS = 300
_CHOOSE = "Choose a model that is better at tools: `ocp models`."
_ASKED = "Use the tool read_note to read the note named 'today', then tell me its code word."
_NOTE = "The code word is heron."
_WORD = "heron"
_TOOL = {
    "name": "read_note",
    "description": "Reads a note.",
    "input_schema": {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "The name of the note."}},
        "required": ["name"],
    },
}


def tool_call(patient: Patient) -> list[Finding]:
    """Have the model call a tool and use its result."""
    output.say(f"waiting for {patient.model.name} to call a tool (5 minutes at most)")
    began = time.monotonic()
    try:
        with _proxy(patient.settings) as url:
            found = asyncio.run(_round_trip(url, patient.settings.token, patient.model.name))
    except OcpError as error:
        return [bad(error.problem, error.advice)]
    except TimeoutError:
        return [bad("no answer in 5 minutes", _CHOOSE)]
    if found is not None:
        return [found]
    return [good(f"called a tool and used its result, in {time.monotonic() - began:.1f} s")]


@contextmanager
def _proxy(settings: Settings) -> Iterator[str]:
    """Give the URL of the proxy that runs, or of one that lives as long as the block."""
    if settings.port and running_proxy(settings, patience=3.0) is not None:
        yield base_url(settings)
        return
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.cli.runner import free_socket, serving  # noqa: PLC0415

    listener = free_socket()
    host, port = listener.getsockname()[:2]
    with serving(
        create_app(settings.model_copy(update={"host": host, "port": port})), listener
    ) as url:
        yield url


async def _round_trip(url: str, token: str | None, model: str) -> Finding | None:
    """Ask, run the call and send its result; None: all went well."""
    from ollama_claude_proxy.upstream.proxy_client import Probe  # noqa: PLC0415  # 0.1 s

    messages: list[dict[str, Any]] = [{"role": "user", "content": _ASKED}]
    async with asyncio.timeout(_SECONDS), Probe(url, token) as probe:
        first = await probe.ask(_body(model, messages))
        if not first.calls:
            return bad(f"{model} answered in words instead of calling the tool", _CHOOSE)
        call = first.calls[0]
        if call["name"] != _TOOL["name"] or not isinstance(call["input"].get("name"), str):
            return bad(f"{model} called {call['name']!r} with {call['input']!r}", _CHOOSE)
        return await _finish(probe, model, messages, call)


async def _finish(
    probe: "Probe", model: str, messages: list[dict[str, Any]], call: dict[str, Any]
) -> Finding | None:
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": _NOTE}
    messages += [
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    second = await probe.ask(_body(model, messages))
    if _WORD in second.text.lower():
        return None
    return warning(f"{model} called the tool, but did not use its result", _CHOOSE)


def _body(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {"model": model, "max_tokens": 1024, "messages": messages, "tools": [_TOOL]}
