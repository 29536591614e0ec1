"""`ocp demo`: the whole way of a request, against a stand-in for Ollama in this package."""

import asyncio
import json
import signal
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.next_steps import say_next_steps
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.proxy_client import Probe

_QUESTION = "Hello! What are you?"
_NOTE = "The demo wrote this note. Nobody could have guessed it: heron, basalt, 1047.\n"
_READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string", "description": "The path."}},
        "required": ["file_path"],
    },
}


def command(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the proxy running, for Claude Code, until Ctrl-C.")
    ] = False,
) -> None:
    """See the proxy at work, without Ollama, a model or a download.

    It starts the proxy in front of a small stand-in for Ollama, and sends a question, a tool call
    and a token count through it. The stand-in is no model: its answers are fixed.

    Examples:
      ocp demo
      ocp demo --keep
    """
    with ExitStack() as stack:
        output.result("1. Start a stand-in for Ollama, and the proxy in front of it")
        url = stack.enter_context(_stand_in())
        output.result(f"   {url}  the stand-in: ocp-demo, which is no model")
        url = stack.enter_context(_proxy(url))
        output.result(f"   {url}  the proxy")
        asyncio.run(_show(url))
        _say_how_to_go_on(url, keep=keep)
        if keep:
            _wait_for_signal()


def _stand_in() -> AbstractContextManager[str]:
    from ollama_claude_proxy.cli.runner import free_socket, serving  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.demo.standin import create_standin  # noqa: PLC0415

    return serving(create_standin(), free_socket())


def _proxy(ollama_url: str) -> AbstractContextManager[str]:
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.cli.runner import free_socket, serving  # noqa: PLC0415
    from ollama_claude_proxy.demo.answers import MODEL  # noqa: PLC0415

    listener = free_socket()
    port = listener.getsockname()[1]
    settings = Settings(model=MODEL, ollama_url=ollama_url, port=port)
    return serving(create_app(settings), listener)


async def _show(url: str) -> None:
    from ollama_claude_proxy.upstream.proxy_client import Probe  # noqa: PLC0415  # 0.1 s

    async with Probe(url) as probe:
        output.result("\n2. A question, and its answer as it streams")
        question = [{"role": "user", "content": _QUESTION}]
        _say_sent(f"user: {_QUESTION}")
        await _answer(probe, question)

        output.result("\n3. A tool: the answer is a call, which the demo runs")
        with tempfile.TemporaryDirectory() as folder:
            await _use_tool(probe, _written_note(Path(folder)))

        output.result("\n4. A token count")
        body = _body([{"role": "user", "content": _QUESTION}], [_READ])
        _say_sent("the question and the tool", "/v1/messages/count_tokens")
        output.result(f"   <- input_tokens: {await probe.count_tokens(body)}")


async def _use_tool(probe: "Probe", path: Path) -> None:
    asked = f"Please read {path} and tell me what it says."
    messages: list[dict[str, Any]] = [{"role": "user", "content": asked}]
    _say_sent(f"user: {asked}")
    for call in await _answer(probe, messages, [_READ]):
        content = _read(call["input"])
        output.result(f"   the demo runs it: {len(content)} characters read")
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": content}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        _say_sent(f"tool_result: {content.strip()}")
        await _answer(probe, messages, [_READ])


def _written_note(folder: Path) -> Path:
    path = folder / "note.txt"
    path.write_text(_NOTE, encoding="utf-8")
    return path


def _read(arguments: dict[str, str]) -> str:
    """Run the tool."""
    return Path(arguments["file_path"]).read_text(encoding="utf-8")


def _body(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
    return {"model": "claude-opus-5-5", "max_tokens": 1024, "messages": messages, "tools": tools}


async def _answer(
    probe: "Probe", messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Show an answer as it comes; give its tool calls."""
    from ollama_claude_proxy.upstream.proxy_client import Reply  # noqa: PLC0415  # 0.1 s

    began = time.monotonic()
    reply = Reply()
    arrivals: list[float] = []
    async for event in probe.stream(_body(messages, tools or [])):
        arrivals.append(time.monotonic() - began)
        shown = len(reply.text)
        reply.add(event)
        _write(reply.text[shown:], first=not shown)
    if reply.text:
        output.result("")
    for call in reply.calls:
        output.result(f"   <- tool_use {call['name']} {json.dumps(call['input'])}")
    output.result(
        f"   {len(arrivals)} events, the first after {arrivals[0] * 1000:.0f} ms;"
        f" {reply.output_tokens} tokens, stop_reason {reply.stop_reason}"
    )
    return reply.calls


def _write(text: str, *, first: bool) -> None:
    """Write a piece of an answer as it comes: no whole line yet."""
    if text:
        head = "   <- " if first else ""
        print(head + text.replace("\n", "\n      "), end="", flush=True)  # noqa: T201


def _say_sent(what: str, path: str = "/v1/messages") -> None:
    output.result(f"   -> POST {path}  {what}")


def _say_how_to_go_on(url: str, *, keep: bool) -> None:
    sys.stdout.flush()
    output.say()
    if not keep:
        output.say("That was the whole way. With your own Ollama:  ocp serve")
        output.say("To point Claude Code at the stand-in:  ocp demo --keep")
        return
    say_next_steps({"OCP_PORT": url.rpartition(":")[2]})
    output.say("Ask it to read a file; it knows no more. Ctrl-C stops the demo.")


def _wait_for_signal() -> None:
    """Wait for Ctrl-C or SIGTERM, which end the demo in good order."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(0.2):  # Windows lets no signal through while one waits for ever
        pass
