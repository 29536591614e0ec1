"""The lines of a passage that match a question."""

from collections.abc import Mapping

from ollama_claude_proxy.sessions.recall.search_terms import split_terms

_MAX_LINES = 2
_MAX_LINE_CHARACTERS = 200


def matching_lines(text: str, terms: Mapping[str, float]) -> str:
    """Return the lines of a text that have the most of some weighted terms, in their order."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    scores = [_score(line, terms) for line in lines]
    best = sorted(range(len(lines)), key=lambda at: -scores[at])[:_MAX_LINES]
    chosen = [at for at in sorted(best) if scores[at] > 0] or best[:1]
    return "\n".join(lines[at][:_MAX_LINE_CHARACTERS] for at in chosen)


def _score(line: str, terms: Mapping[str, float]) -> float:
    words = frozenset(split_terms(line))
    return sum(worth for term, worth in terms.items() if words.issuperset(term.split()))
