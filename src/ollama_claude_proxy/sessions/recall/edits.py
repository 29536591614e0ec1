"""What was written before: the edits that a question about an old state means."""

from ollama_claude_proxy.sessions.block_text import WRITING_TOOLS, block_text
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.search_terms import query_terms, split_terms
from ollama_claude_proxy.wire.blocks import ToolUseBlock

# What a call of the others replaced is not known.
_EDITING_TOOLS = WRITING_TOOLS - {"write"}


def find_edits(earlier: EarlierTurns, words: str, max_count: int) -> list[Passage]:
    """Return the edits that share the most words with a question, of equal ones the newest."""
    terms = frozenset(word for term in query_terms(words) for word in term.split())
    scored = [
        (_shared_words(call, terms), index, call)
        for index, call in earlier.calls
        if call.name.lower() in _EDITING_TOOLS
    ]
    scored.sort(key=lambda one: (-one[0], -one[1]))
    return [earlier.call_passage(index, call) for _, index, call in scored[:max_count]]


def _shared_words(call: ToolUseBlock, terms: frozenset[str]) -> int:
    return len(terms.intersection(split_terms(block_text(call))))
