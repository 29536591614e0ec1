"""What was decided and why: what a question for a reason means."""

from collections.abc import Sequence

from ollama_claude_proxy.sessions.recall.earlier_turns import RequestOf
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.sessions.recall.word_worth import word_worth

# Characters; what is longer reports on something.
_MAX_TEXT = 1200
# Of code and of tables.
_REPORT_MARKS = ("```", "---|", "--- |")
DECISION = any_phrase(r"""
    decid* | decision | chose | choose | choice | picked | agreed | settled | instead of
    rather than | because | since | let's use | we(?:'ll| will)? (?:use|keep|stick|stay|go)
    going with | go with | keep using | in favou?r of | entschieden | weil | stattdessen
    nehmen wir
""")
_PROPOSAL = any_phrase("suggest* | propose* | recommend* | candidates? | options? | schlage | rate")


def find_decisions(
    texts: Sequence[Passage], words: str, max_count: int, request_of: RequestOf
) -> list[Passage]:
    """Return the texts that decide or propose something and share the most with a question.

    What they share may be in the request that they answer.
    """
    deciding = [
        passage
        for passage in texts
        if len(passage.text) <= _MAX_TEXT
        and not any(mark in passage.text for mark in _REPORT_MARKS)
        and (DECISION.search(passage.text) or _PROPOSAL.search(passage.text))
    ]
    contexts = [f"{request_of(passage.message)}\n{passage.text}" for passage in deciding]
    worth = word_worth(contexts, words)
    best = sorted(range(len(deciding)), key=lambda at: (-worth[at], -deciding[at].message))
    return [deciding[at] for at in best[:max_count] if worth[at]]
