"""Reading calls out of a text, in one piece or many."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.translate.tools.reading.reader import CallReader, Calls, Piece
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox

DATA = Path(__file__).parents[1] / "data" / "reading"


@cache
def tool_sets() -> dict[str, list[dict[str, Any]]]:
    """Give the sets of tools that the cases name."""
    sets: dict[str, list[dict[str, Any]]] = json.loads((DATA / "tools.json").read_text("utf-8"))
    return sets


@cache
def toolbox(name: str) -> Toolbox:
    """Give a set of tools, none for no name."""
    tools = tool_sets()[name] if name else []
    return Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in tools)


def read(pieces: Iterable[str], tools: Toolbox, *, cut: bool = False) -> list[Piece]:
    """Read pieces of a text to its end."""
    if not tools:
        return list(pieces)
    reader = CallReader(tools.names, tools.resolve)
    found: list[Piece] = []
    for piece in pieces:
        found += reader.feed(piece)
    return found + reader.flush(cut=cut)


def chunks(text: str, size: int) -> list[str]:
    """Cut a text into pieces of a size."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def shown(found: Sequence[Piece]) -> str:
    """Give what the user still sees."""
    texts = [piece if isinstance(piece, str) else _unknown(piece) for piece in found]
    return "".join(texts)


def calls(found: Sequence[Piece]) -> list[Call]:
    """Give the calls."""
    made = [call for piece in found if isinstance(piece, Calls) for call in piece.calls]
    return [call for call in made if isinstance(call, Call)]


def raw(found: Sequence[Piece]) -> str:
    """Give the text with its calls as they were written."""
    return "".join(piece if isinstance(piece, str) else piece.raw for piece in found)


def _unknown(piece: Calls) -> str:
    return "".join(call for call in piece.calls if isinstance(call, str))
