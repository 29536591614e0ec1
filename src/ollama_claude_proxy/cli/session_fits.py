"""Describing, for `ocp sessions show --why`, what was done for a turn so that it fits."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ollama_claude_proxy.sessions.fitted_turn import PassageNote
    from ollama_claude_proxy.sessions.storage.listing import StoredFit

_MAX_WORDS = 24


def format_fit(stored: "StoredFit") -> Iterator[str]:
    """Yield the lines about one turn."""
    fit = stored.fit
    yield f"turn {stored.turn}, {stored.model}"
    if fit.left_until > fit.left_before:
        yield f"  left: messages {fit.left_before} to {fit.left_until - 1}"
    if fit.truncated_until > fit.truncated_before:
        yield f"  shortened: long results before message {fit.truncated_until}"
    if fit.words:
        more = ", ..." if len(fit.words) > _MAX_WORDS else ""
        yield f"  looked for: {', '.join(fit.words[:_MAX_WORDS])}{more}"
    yield from _passages("loaded", fit.loaded)
    yield from _passages("no room for", fit.displaced)


def _passages(label: str, passages: "Iterable[PassageNote]") -> Iterator[str]:
    for passage in passages:
        place = f"turn {passage.turn}, " if passage.turn else ""
        source = f"{passage.source}: " if passage.source else ""
        yield f"  {label}: {place}{source}{passage.text}"
