"""Short descriptions of tools, for context windows that the full ones would fill.

Names, parameters, types and what is required stay, and the first sentences of each description. The
result depends on the tool alone, so it is the same every turn.
"""

import re
from typing import Any

from ollama_claude_proxy.wire.anthropic import Tool

_MAX_TOOL_CHARS = 300
_MAX_PARAMETER_CHARS = 120
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'`(\[])|\n\s*\n|\n(?=\s*[-*#])")
_MAX_DEPTH = 20


def shorten_descriptions(tool: Tool) -> Tool:
    """Return a tool with the first sentences of its descriptions."""
    return Tool(
        tool.name,
        first_sentences(tool.description or "", _MAX_TOOL_CHARS),
        _shorten_schema(tool.input_schema, 0),
        type=tool.type,
        defer_loading=tool.defer_loading,
    )


def first_sentences(text: str, max_chars: int) -> str:
    """Return whole sentences up to `max_chars` characters, and at least a part of the first."""
    kept = ""
    for sentence in _SENTENCE_BREAK.split(text.strip()):
        joined = f"{kept} {sentence.strip()}".strip()
        if kept and len(joined) > max_chars:
            break
        kept = joined
        if len(kept) > max_chars:
            return kept[:max_chars].rpartition(" ")[0].rstrip(" ,;:") + "…"
    return kept


def _shorten_schema(schema: Any, depth: int) -> Any:
    if isinstance(schema, list):
        return [_shorten_schema(inner, depth + 1) for inner in schema]
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return schema
    short = {key: _shorten_schema(value, depth + 1) for key, value in schema.items()}
    if isinstance(short.get("description"), str):
        short["description"] = first_sentences(short["description"], _MAX_PARAMETER_CHARS)
    return short
