"""Short descriptions of tools, for windows that the full ones would fill.

Names, parameters, types and what is required stay; of each description the first sentences. What
comes out depends on the tool alone, so it is the same every turn.
"""

import re
from typing import Any

from ollama_claude_proxy.wire.anthropic import Tool

_TOOL_CHARACTERS = 300
_PARAMETER_CHARACTERS = 120
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'`(\[])|\n\s*\n|\n(?=\s*[-*#])")
_DEEPEST = 20


def shortened(tool: Tool) -> Tool:
    """Give a tool with the first sentences of its descriptions."""
    return Tool(
        tool.name,
        first_sentences(tool.description or "", _TOOL_CHARACTERS),
        _schema(tool.input_schema, 0),
        type=tool.type,
        defer_loading=tool.defer_loading,
    )


def first_sentences(text: str, most: int) -> str:
    """Give whole sentences up to `most` characters, and at least a part of the first."""
    kept = ""
    for sentence in _SENTENCE.split(text.strip()):
        joined = f"{kept} {sentence.strip()}".strip()
        if kept and len(joined) > most:
            break
        kept = joined
        if len(kept) > most:
            return kept[:most].rpartition(" ")[0].rstrip(" ,;:") + "…"
    return kept


def _schema(schema: Any, depth: int) -> Any:
    if isinstance(schema, list):
        return [_schema(one, depth + 1) for one in schema]
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    short = {key: _schema(value, depth + 1) for key, value in schema.items()}
    if isinstance(short.get("description"), str):
        short["description"] = first_sentences(short["description"], _PARAMETER_CHARACTERS)
    return short
