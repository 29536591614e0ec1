"""What of a long conversation is shown again for a question.

Two ways lead to it. Stored passages are found by words and meaning. What a question only points to
("the second approach", "undo that", "which files", "go on") is found by the structure of the turns
that left. Both are shown in the order of the conversation, within the room that there is.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.sessions.recall.account import account, asked_lines
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.edits import find_edits
from ollama_claude_proxy.sessions.recall.enumerations import find_enumerations, find_pairs
from ollama_claude_proxy.sessions.recall.intents import (
    Intent,
    own_words,
    read_intents,
    read_ordinals,
)
from ollama_claude_proxy.sessions.recall.open_work import find_open_work
from ollama_claude_proxy.sessions.recall.passages import Passage
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
from ollama_claude_proxy.sessions.recall.snippets import matching_lines
from ollama_claude_proxy.sessions.truncate import truncate_text

# Of the room: for the best that words found, which goes first, and then for what a question points
# to by structure. The rest is for what words found, too.
_BEST_SHARE, _STRUCTURE_SHARE = 0.3, 0.6
# Of the room, for whole passages where a question asks for a list; lines of further ones follow.
_LIST_PASSAGES_SHARE = 0.4
# Characters of one text that structure finds.
_MAX_TEXT = 3000
_MAX_ENUMERATIONS = 3
_MAX_PAIRS = 3
_MAX_EDITS = 4
# Texts that followed what the user said.
_MAX_FOLLOWED = 8
_MAX_FOLLOWED_TEXT = 800
# Of the best requests, those that are shown with the one behind them.
_MAX_FURTHER = 2
# The best that words found come with the lines around them.
_MAX_WIDE = 4
_ACCOUNT_SOURCE = "list of all that was left out"
_LIST_LIMITS = RetrievalLimits(max_matches=300, min_score_share=0.3, max_of_message=1)
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

    def within(self, max_characters: int) -> "Recalled":
        """Return the best of them that fit into some characters."""
        ranked = list(take_fitting(self.ranked, max_characters))
        left_over = [passage for passage in self.ranked if passage not in ranked]
        return Recalled(ranked, self.terms, (*left_over, *self.displaced))


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
        search = PassageSearch(question, query.shown, query.vector, limits)
        found = search_passages(index, scope, search)
    pointed = [
        replace(passage, text=truncate_text(passage.text.strip(), _MAX_TEXT))
        for passage in _pointed_to(query, intents)
        if passage.text.strip() not in query.shown
    ]
    by_words = list(_by_words(found, intents, query))
    best_share = _BEST_SHARE / 2 if Intent.LIST in intents else _BEST_SHARE
    best = take_fitting(by_words[:_MAX_WIDE], int(query.max_characters * best_share))
    structure_share = 1.0 if is_bare else _STRUCTURE_SHARE
    structure = take_fitting(pointed, int(query.max_characters * structure_share))
    wanted = [*best, *structure, *by_words, *pointed]
    chosen = list(take_fitting(wanted, query.max_characters))
    shown = {passage.text.strip() for passage in chosen}
    displaced = [passage for passage in wanted if passage.text.strip() not in shown]
    return Recalled(chosen, tuple(found.terms), displaced)


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
    whole = list(take_fitting(_with_exchanges(found, query), room))
    yield from whole
    for passage in found.passages:
        if any(passage.text in taken.text for taken in whole):
            continue
        text = matching_lines(passage.text, found.terms) if is_list else passage.text
        yield replace(passage, text=text)


def _with_exchanges(found: FoundPassages, query: RecallQuery) -> Iterator[Passage]:
    """Yield the passages; behind what the user said comes what followed."""
    for number, passage in enumerate(found.passages):
        wide = passage.surroundings if number < _MAX_WIDE else ""
        yield replace(passage, text=wide or passage.text)
        if number == 0:
            for place, asked in enumerate(found.asked):
                yield from _followed(asked, query, further=1 if place < _MAX_FURTHER else 0)


def _followed(asked: Passage, query: RecallQuery, further: int) -> Iterator[Passage]:
    """Yield what followed what the user said, as far as the prompt does not show it."""
    exchange = query.earlier.exchange_after(asked.message, further)
    for passage in islice(exchange, _MAX_FOLLOWED):
        if passage.text.strip() not in query.shown:
            yield replace(passage, text=truncate_text(passage.text.strip(), _MAX_FOLLOWED_TEXT))


def _pointed_to(query: RecallQuery, intents: frozenset[Intent]) -> Iterator[Passage]:
    """Yield what a question points to without its words, what matters most first."""
    earlier, words = query.earlier, query.question.words
    lists = account(earlier.messages) if intents & {Intent.ORDER, Intent.LIST} else {}
    room = int(query.max_characters * _STRUCTURE_SHARE)
    if Intent.UNDO in intents:
        yield from find_edits(earlier, words, _MAX_EDITS)
    if Intent.ORDER in intents:
        ordinals = read_ordinals(words)
        yield from find_enumerations(
            earlier.statements, ordinals, words, _MAX_ENUMERATIONS, earlier.request_before
        )
        nouns = " ".join(ordinal.noun for ordinal in ordinals)
        is_early = any(ordinal.place > 0 for ordinal in ordinals)
        yield from _accounts(earlier, asked_lines(lists, nouns, room, oldest=is_early))
    if Intent.LIST in intents:
        yield from _accounts(earlier, asked_lines(lists, words, room))
    if Intent.BACK_REFERENCE in intents:
        texts = sorted(chain(earlier.requests, earlier.statements), key=lambda one: one.message)
        pairs = find_pairs(texts, _MAX_PAIRS)
        yield from pairs[:1]
        yield from find_open_work(earlier)
        yield from pairs[1:]


def _accounts(earlier: EarlierTurns, lists: Iterable[tuple[str, str]]) -> Iterator[Passage]:
    """Yield lists by their titles as passages; they stand behind all turns that left."""
    for title, lines in lists:
        yield Passage(len(earlier.messages), 0, _ACCOUNT_SOURCE, f"{title}:\n{lines}")
