"""What of a long conversation is shown again for a question.

Two ways lead to it. Stored passages are found by words and meaning. What a question only points to
("the second approach", "undo that", "which files", "go on") is found by the structure of the turns
that left. Both are shown in the order of the conversation, within the room that there is.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.intents import (
    Intent,
    asks_of_failure,
    own_words,
    read_intents,
)
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.pointed_to import pointed_to
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.sessions.recall.retrieval import (
    FoundPassages,
    PassageSearch,
    RetrievalLimits,
    search_passages,
    take_fitting,
)
from ollama_claude_proxy.sessions.recall.search_scope import (
    PassageIndex,
    QueryVector,
    SearchScope,
)
from ollama_claude_proxy.sessions.recall.search_terms import split_terms
from ollama_claude_proxy.sessions.recall.snippets import matching_lines
from ollama_claude_proxy.sessions.recall.surroundings import enclosing, lines_around
from ollama_claude_proxy.sessions.truncate import truncate_text

# Of the room: for the best that words found, which goes first, and then for what a question points
# to by structure. The rest is for what words found, too.
_BEST_SHARE, _STRUCTURE_SHARE = 0.3, 0.6
# Of the room, for whole passages where a question asks for a list; lines of further ones follow.
_LIST_PASSAGES_SHARE = 0.4
# Texts that followed what the user said.
_MAX_FOLLOWED = 8
_MAX_FOLLOWED_TEXT = 800
# Of the best requests, those that are shown with the one behind them.
_MAX_FURTHER = 2
# So many of the best come with the function or the trace that they are of, fewer with the lines
# around them, if so many keep their room.
_MAX_ENCLOSED, _MAX_WIDE, _MAX_NARROW = 8, 4, 6
_LIST_LIMITS = RetrievalLimits(max_matches=300, min_score_share=0.3, max_of_message=1)
# What terms are worth that a question about a failure does not have.
_TRACE_WORTH, _RAISING = 0.7, {"raise": 0.3, "throw": 0.3}
# In a tool loop the model only thinks aloud: what it names must be told by rare words, and few
# passages are enough.
_STEP_LIMITS = RetrievalLimits(max_matches=20, max_nearest=0, min_score_share=0.6, min_score=7.0)


class RecallQuery(Struct, frozen=True):
    """What to find: a `question`, of the `earlier` turns, that the `shown` prompt lacks.

    `max_characters` is how much may be shown again in all; `vector` is the question's, if there is
    one.
    """

    question: Question
    earlier: EarlierTurns
    shown: str
    max_characters: int
    vector: QueryVector | None = None


class Recalled(Struct, frozen=True):
    """The passages to show, the best first in `ranked`, and why.

    `terms` were searched for, and `displaced` are those that matched and had no room.
    """

    ranked: Sequence[Passage] = ()
    terms: Sequence[str] = ()
    displaced: Sequence[Passage] = ()

    @property
    def passages(self) -> list[Passage]:
        """The passages to show, in the order of the conversation."""
        return sorted(self.ranked, key=lambda passage: (not passage.is_foreign, passage.message))


def recall(index: PassageIndex, scope: SearchScope | None, query: RecallQuery) -> Recalled:
    """Return what a question needs of what left."""
    intents = read_intents(query.question.words)
    question, own = query.question, own_words(query.question.words)
    is_bare = bool(question.words) and not own
    if is_bare:
        question = replace(question, words="")
    elif len(own) > 1:
        question = replace(question, context="")
    limits = _limits(query.question, intents)
    found = FoundPassages()
    if scope is not None:
        hints = _hints(query.question.text)
        search = PassageSearch(question, query.shown, query.vector, limits, hints)
        found = search_passages(index, scope, search)
    structure_share = 1.0 if is_bare else _STRUCTURE_SHARE
    structure_room = int(query.max_characters * structure_share)
    pointed = [
        passage
        for passage in pointed_to(query.earlier, query.question.words, intents, structure_room)
        if passage.text not in query.shown
    ]
    by_words = list(_by_words(found, intents, query))
    best_share = _BEST_SHARE / 2 if Intent.LIST in intents else _BEST_SHARE
    best = take_fitting(by_words[:_MAX_WIDE], int(query.max_characters * best_share))
    structure = take_fitting(pointed, structure_room)
    wanted = [*best, *structure, *by_words, *pointed]
    chosen = list(take_fitting(wanted, query.max_characters))
    shown = {passage.text.strip() for passage in chosen}
    displaced = [passage for passage in wanted if passage.text.strip() not in shown]
    return Recalled(chosen, tuple(found.terms), displaced)


def _hints(text: str) -> dict[str, float]:
    """Return what a question about a failure means: the frames of a trace, the code that raises."""
    if not asks_of_failure(text):
        return {}
    frames = (" ".join(("in", *split_terms(word))) for word in own_words(text))
    return dict.fromkeys(("traceback", *frames), _TRACE_WORTH) | _RAISING


def _limits(question: Question, intents: frozenset[Intent]) -> RetrievalLimits:
    if not question.words:
        return _STEP_LIMITS
    if Intent.UNDO in intents:
        return RetrievalLimits(keeps_old_versions=True)
    return _LIST_LIMITS if Intent.LIST in intents else RetrievalLimits()


def _by_words(
    found: FoundPassages, intents: frozenset[Intent], query: RecallQuery
) -> Iterator[Passage]:
    """Yield what words found, and what was said on it; for a list, of most only the lines."""
    is_list = Intent.LIST in intents
    room = int(query.max_characters * _LIST_PASSAGES_SHARE) if is_list else query.max_characters
    whole = list(take_fitting(_with_exchanges(found, query, room), room))
    yield from whole
    for passage in found.passages:
        if any(passage.text in taken.text for taken in whole):
            continue
        text = matching_lines(passage.text, found.terms) if is_list else passage.text
        yield replace(passage, text=text)


def _widened(found: FoundPassages, max_characters: int) -> Iterator[Passage]:
    """Yield the passages, the best with what they are part of, as far as others keep their room.

    The very best may take half of it. What a question names goes before what only has its words.
    """
    half = max_characters // 2
    parts = _enclosing_once(found, half)
    order = sorted(range(len(found.passages)), key=lambda at: at >= len(parts) or not parts[at])
    ordered = [found.passages[at] for at in order]
    spare = max_characters - sum(one.shown_characters for one in ordered[:_MAX_NARROW])
    shown: list[Passage] = []
    for place, at in enumerate(order):
        passage = found.passages[at]
        if any(passage.message == one.message and passage.text in one.text for one in shown):
            continue
        wide = parts[at] if at < len(parts) else ""
        if not wide and place < _MAX_WIDE:
            wide = lines_around(passage)
        more = len(wide) - len(passage.text)
        most = spare if place else half - passage.shown_characters
        if 0 < more <= most:
            spare -= more
            passage = replace(passage, text=wide)
        shown.append(passage)
        yield passage


def _enclosing_once(found: FoundPassages, max_characters: int) -> list[str]:
    """Return what each of the best passages is of; empty where there is nothing, or it was before.

    Several passages may be of a file in which a question names one function.
    """
    parts: list[str] = []
    for passage in found.passages[:_MAX_ENCLOSED]:
        part = enclosing(passage, found.terms, max_characters)
        parts.append("" if part in parts else part)
    return parts


def _with_exchanges(found: FoundPassages, query: RecallQuery, room: int) -> Iterator[Passage]:
    """Yield the passages; behind what the user said comes what followed."""
    for number, passage in enumerate(_widened(found, room)):
        yield passage
        if number == 0:
            for place, asked in enumerate(found.asked):
                yield from _followed(asked, query, further=1 if place < _MAX_FURTHER else 0)
        if number < _MAX_WIDE and not passage.source and not passage.is_request:
            yield from query.earlier.reply_to(passage.message)


def _followed(asked: Passage, query: RecallQuery, further: int) -> Iterator[Passage]:
    """Yield what followed what the user said, as far as the prompt does not show it."""
    exchange = query.earlier.exchange_after(asked.message, further)
    for passage in islice(exchange, _MAX_FOLLOWED):
        if passage.text.strip() not in query.shown:
            yield replace(passage, text=truncate_text(passage.text.strip(), _MAX_FOLLOWED_TEXT))
