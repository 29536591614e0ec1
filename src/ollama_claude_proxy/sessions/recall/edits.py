"""What was written before: the edits that a question about an old state means."""

from ollama_claude_proxy.sessions.block_text import WRITING_TOOLS, block_text
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.search_terms import query_terms, split_terms
from ollama_claude_proxy.wire.blocks import ToolUseBlock

# What a call of the others replaced is not known.
_EDITING_TOOLS = WRITING_TOOLS - {"write"}
# Words by which an old state is asked for; they tell nothing of which.
_OF_OLD_STATES = frozenset({
    "undo", "revert", "restore", "back", "before", "old", "older", "original", "originally",
    "previous", "previously", "former", "earlier", "version", "code", "line", "lines", "text",
    "change", "changed", "changes", "edit", "state", "bring", "put", "roll",
    "alte", "alten", "fassung", "rückgängig", "stand", "ursprünglich", "vorher", "zurück", "zuvor",
    "änderung",
})  # fmt: skip


def find_edits(earlier: EarlierTurns, words: str, max_count: int) -> list[Passage]:
    """Return the edits that share the most words with a question, of equal ones the newest.

    What the user asked for counts as much as what was written: it names what the lines are part of.
    """
    terms = frozenset(word for term in query_terms(words) for word in term.split())
    terms -= _OF_OLD_STATES
    scored = [
        (_shared_words(call, earlier.request_before(index), terms), index, call)
        for index, call in earlier.calls
        if call.name.lower() in _EDITING_TOOLS
    ]
    scored.sort(key=lambda one: (-one[0], -one[1]))
    return [earlier.call_passage(index, call) for _, index, call in scored[:max_count]]


def _shared_words(call: ToolUseBlock, request: str, terms: frozenset[str]) -> int:
    written = terms.intersection(split_terms(block_text(call)))
    asked = terms.intersection(split_terms(request))
    return len(written) + len(asked)
