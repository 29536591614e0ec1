"""The cost of looking for calls in text: per piece of prose, and in calls of 100 kB and 1 MB."""

import json
import statistics
import time
from collections.abc import Callable

from figure import Figure
from ollama_claude_proxy.translate.tools.reading.reader import CallReader
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox

_PIECE_BYTES = 4
_PROSE = (
    "The reader looks at each piece once; it's *cheap*, as `this` shows, and holds nothing back.\n"
)
_LINE = 'print("a line", {"of": [text]})  # with \\ and </tool_call> in it\n'
_TOOLS = Toolbox(
    [
        OfferedTool(
            "Write",
            {
                "type": "object",
                "properties": {"file_path": {"type": "string"}, "content": {"type": "string"}},
                "required": ["file_path", "content"],
            },
        )
    ]
)


def reading(*, times: int) -> list[Figure]:
    """Measure the reader with pieces of four bytes; their cost must not grow with the call."""
    prose = _microseconds_per_piece(_PROSE * 5000, times)
    figures = [Figure("reading calls, prose, a piece of 4 bytes", "µs", {"ocp": prose}, mark=3)]
    for name, write in _FORMATS.items():
        small, large = (
            _microseconds_per_piece(write(_LINE * (size // len(_LINE))), times)
            for size in (10**5, 10**6)
        )
        figures.append(Figure(f"a call of 1 MB, {name}, a piece", "µs", {"ocp": large}, mark=3))
        growth = {"ocp": large / small}
        figures.append(Figure(f"… as a multiple of one of 100 kB, {name}", "x", growth, mark=1.5))
    return figures


def _microseconds_per_piece(text: str, times: int) -> float:
    """Return the microseconds per piece, the median of several readings."""
    pieces = [text[at : at + _PIECE_BYTES] for at in range(0, len(text), _PIECE_BYTES)]
    return statistics.median(_read_seconds(pieces) for _ in range(times)) / len(pieces) * 1e6


def _read_seconds(pieces: list[str]) -> float:
    reader = CallReader(_TOOLS.names, _TOOLS.resolve)
    started = time.perf_counter()
    for piece in pieces:
        reader.feed(piece)
    reader.flush()
    return time.perf_counter() - started


def _hermes(content: str) -> str:
    call = {"name": "Write", "arguments": {"file_path": "/a", "content": content}}
    return f"<tool_call>\n{json.dumps(call)}\n</tool_call>"


def _xml(content: str) -> str:
    return (
        "<tool_call>\n<function=Write>\n<parameter=file_path>\n/a\n</parameter>\n"
        f"<parameter=content>\n{content}\n</parameter>\n</function>\n</tool_call>"
    )


_FORMATS: dict[str, Callable[[str], str]] = {"JSON": _hermes, "XML": _xml}
