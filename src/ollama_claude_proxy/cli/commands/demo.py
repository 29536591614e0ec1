"""`ocp demo`: the path of a request, with this package's stand-in for Ollama."""

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
from ollama_claude_proxy.cli.next_steps import print_next_steps
from ollama_claude_proxy.settings import Settings

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.proxy_client import ProxyClient

_QUESTION = "Hello! What are you?"
_NOTE = "The demo wrote this note. Nobody could have guessed it: heron, basalt, 1047.\n"
_READ_TOOL = {
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
    """Show how the proxy works, without Ollama, a model or a download.

    It starts the proxy with a small stand-in for Ollama, and sends a question, a tool call and a
    token count through it. The stand-in is not a model: its answers are fixed.

    Examples:
      ocp demo
      ocp demo --keep
    """
    with ExitStack() as stack:
        output.print_result("1. Start a stand-in for Ollama, and the proxy")
        url = stack.enter_context(_run_stand_in())
        output.print_result(f"   {url}  the stand-in: ocp-demo, which is not a model")
        url = stack.enter_context(_run_proxy(url))
        output.print_result(f"   {url}  the proxy")
        asyncio.run(_run_steps(url))
        _print_what_next(url, keep=keep)
        if keep:
            _wait_for_stop_signal()


def _run_stand_in() -> AbstractContextManager[str]:
    from ollama_claude_proxy.cli.runner import open_free_socket, serve_in_thread  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.demo.stand_in import create_stand_in  # noqa: PLC0415

    return serve_in_thread(create_stand_in(), open_free_socket())


def _run_proxy(ollama_url: str) -> AbstractContextManager[str]:
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.cli.runner import open_free_socket, serve_in_thread  # noqa: PLC0415
    from ollama_claude_proxy.demo.answers import MODEL  # noqa: PLC0415

    listener = open_free_socket()
    port = listener.getsockname()[1]
    settings = Settings(model=MODEL, ollama_url=ollama_url, port=port)
    return serve_in_thread(create_app(settings), listener)


async def _run_steps(url: str) -> None:
    from ollama_claude_proxy.upstream.proxy_client import ProxyClient  # noqa: PLC0415  # 0.1 s

    async with ProxyClient(url) as probe:
        output.print_result("\n2. A question, and its answer as it streams")
        question = [{"role": "user", "content": _QUESTION}]
        _print_request(f"user: {_QUESTION}")
        await _print_answer(probe, question)

        output.print_result("\n3. A tool: the answer is a call, which the demo runs")
        with tempfile.TemporaryDirectory() as folder:
            await _use_tool(probe, _write_note(Path(folder)))

        output.print_result("\n4. A token count")
        body = _request_body([{"role": "user", "content": _QUESTION}], [_READ_TOOL])
        _print_request("the question and the tool", "/v1/messages/count_tokens")
        output.print_result(f"   <- input_tokens: {await probe.count_tokens(body)}")


async def _use_tool(probe: "ProxyClient", path: Path) -> None:
    prompt = f"Please read {path} and tell me what it says."
    messages: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
    _print_request(f"user: {prompt}")
    for call in await _print_answer(probe, messages, [_READ_TOOL]):
        content = _run_read_tool(call["input"])
        output.print_result(f"   the demo runs it: {len(content)} characters read")
        tool_result = {"type": "tool_result", "tool_use_id": call["id"], "content": content}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [tool_result]},
        ]
        _print_request(f"tool_result: {content.strip()}")
        await _print_answer(probe, messages, [_READ_TOOL])


def _write_note(folder: Path) -> Path:
    path = folder / "note.txt"
    path.write_text(_NOTE, encoding="utf-8")
    return path


def _run_read_tool(arguments: dict[str, str]) -> str:
    """Run the tool `Read`."""
    return Path(arguments["file_path"]).read_text(encoding="utf-8")


def _request_body(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
    return {"model": "claude-opus-5-5", "max_tokens": 1024, "messages": messages, "tools": tools}


async def _print_answer(
    probe: "ProxyClient", messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Print an answer while it streams; return its tool calls."""
    from ollama_claude_proxy.upstream.proxy_client import Reply  # noqa: PLC0415  # 0.1 s

    started = time.monotonic()
    reply = Reply()
    arrivals: list[float] = []
    async for event in probe.stream(_request_body(messages, tools or [])):
        arrivals.append(time.monotonic() - started)
        printed_chars = len(reply.text)
        reply.add(event)
        _print_piece(reply.text[printed_chars:], is_first=not printed_chars)
    if reply.text:
        output.print_result("")
    for call in reply.calls:
        output.print_result(f"   <- tool_use {call['name']} {json.dumps(call['input'])}")
    output.print_result(
        f"   {len(arrivals)} events, the first after {arrivals[0] * 1000:.0f} ms;"
        f" {reply.output_tokens} tokens, stop_reason {reply.stop_reason}"
    )
    return reply.calls


def _print_piece(text: str, *, is_first: bool) -> None:
    """Print a piece of an answer, which is not a whole line yet."""
    if text:
        prefix = "   <- " if is_first else ""
        print(prefix + text.replace("\n", "\n      "), end="", flush=True)  # noqa: T201


def _print_request(content: str, path: str = "/v1/messages") -> None:
    output.print_result(f"   -> POST {path}  {content}")


def _print_what_next(url: str, *, keep: bool) -> None:
    sys.stdout.flush()
    output.print_message()
    if not keep:
        output.print_message("That is all. To use your own Ollama:  ocp serve")
        output.print_message("To try Claude Code with the stand-in:  ocp demo --keep")
        return
    print_next_steps({"OCP_PORT": url.rpartition(":")[2]})
    output.print_message("Ask it to read a file; it can do nothing else. Ctrl-C stops the demo.")


def _wait_for_stop_signal() -> None:
    """Wait for Ctrl-C or SIGTERM, after which the demo stops cleanly."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(0.2):  # on Windows a wait without a timeout blocks signals
        pass
