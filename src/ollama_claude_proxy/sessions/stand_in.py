"""What stands in the first message for the messages that left."""

from collections.abc import Sequence

from ollama_claude_proxy.sessions.cut import Cut
from ollama_claude_proxy.sessions.digest import write_digest
from ollama_claude_proxy.sessions.fit_state import FitState
from ollama_claude_proxy.sessions.pinned import changed_rules, pinned_words
from ollama_claude_proxy.sessions.truncate import truncate_text
from ollama_claude_proxy.wire.anthropic import Message


def stand_in(
    messages: Sequence[Message], opening: int, cut: Cut, state: FitState, tokens: int
) -> str:
    """Return the digest of what left, rules that changed, and the newest request if it left.

    The digest has so many `tokens`, without what the summary of the `state` tells already.
    """
    start = max(opening, state.summarized_until)
    left, summary = messages[start : cut.left_until], state.summary
    digest = write_digest(left, tokens, summary) if left or summary else ""
    rules = changed_rules(messages[opening : cut.left_until])
    words, limit = pinned_words(messages, opening, cut.left_until), cut.text_characters
    words = truncate_text(words, limit) if limit else words
    return "\n\n".join(filter(None, (digest, *rules, words)))
