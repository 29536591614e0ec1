"""Read calls out of a text, in one chunk or many."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ollama_claude_proxy.translate.tools.reading.reader import CallReader, ReadCalls, ReaderOutput
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox

DATA = Path(__file__).parents[1] / "data" / "reading"


@cache
def tool_sets() -> dict[str, list[dict[str, Any]]]:
    """Return the sets of tools that the cases name."""
    sets: dict[str, list[dict[str, Any]]] = json.loads((DATA / "tools.json").read_text("utf-8"))
    return sets


@cache
def toolbox(name: str) -> Toolbox:
    """Return the toolbox of a set of tools; an empty one for ""."""
    tools = tool_sets()[name] if name else []
    return Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in tools)


def read(chunks: Iterable[str], tools: Toolbox, *, cut: bool = False) -> list[ReaderOutput]:
    """Read the chunks of a text to its end."""
    if not tools:
        return list(chunks)
    reader = CallReader(tools.names, tools.resolve)
    outputs: list[ReaderOutput] = []
    for chunk in chunks:
        outputs += reader.feed(chunk)
    return outputs + reader.flush(cut=cut)


def chunks(text: str, size: int) -> list[str]:
    """Split a text into chunks of a size."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def shown_text(outputs: Sequence[ReaderOutput]) -> str:
    """Return the text that the user still sees."""
    texts = [output if isinstance(output, str) else _unknown(output) for output in outputs]
    return "".join(texts)


def calls(outputs: Sequence[ReaderOutput]) -> list[ResolvedCall]:
    """Return the calls of offered tools."""
    read_calls = [output for output in outputs if isinstance(output, ReadCalls)]
    return [
        call for output in read_calls for call in output.calls if isinstance(call, ResolvedCall)
    ]


def raw_text(outputs: Sequence[ReaderOutput]) -> str:
    """Return the text with its calls as they were written."""
    return "".join(output if isinstance(output, str) else output.raw for output in outputs)


def _unknown(output: ReadCalls) -> str:
    """Return the calls of tools that were not offered, as text."""
    return "".join(call for call in output.calls if isinstance(call, str))
