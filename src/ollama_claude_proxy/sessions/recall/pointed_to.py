"""What a question points to without its words: the second approach, an old text, a list."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from ollama_claude_proxy.sessions.recall.account import account, asked_lines
from ollama_claude_proxy.sessions.recall.decisions import find_decisions
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.edits import find_edits
from ollama_claude_proxy.sessions.recall.enumerations import find_enumerations, find_pairs
from ollama_claude_proxy.sessions.recall.intents import Intent, read_ordinals
from ollama_claude_proxy.sessions.recall.open_work import find_open_work
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.truncate import truncate_text

_MAX_EDITS = 4
_MAX_ENUMERATIONS = 3
_MAX_DECISIONS = 3
_MAX_PAIRS = 3
# Characters of one text.
_MAX_TEXT = 3000
_ACCOUNT_SOURCE = "list of all that was left out"
# Characters of the places of several lists, and the least share of the room that lists have.
_PLACES_CHARACTERS = 100
_MIN_LISTS_SHARE = 0.4


def pointed_to(
    earlier: EarlierTurns, words: str, intents: frozenset[Intent], max_characters: int
) -> list[Passage]:
    """Return what a question points to, what matters most first.

    Lists are as long as the room allows, in characters; all else may exceed it.
    """
    texts = list(map(_shortened, _texts(earlier, words, intents)))
    left = max_characters - sum(passage.shown_characters for passage in texts)
    room = max(left, int(max_characters * _MIN_LISTS_SHARE)) - _PLACES_CHARACTERS
    lists = _lists(earlier, words, intents, room)
    open_work = map(_shortened, _open_work(earlier, intents))
    return [*texts, *lists, *open_work]


def _texts(earlier: EarlierTurns, words: str, intents: frozenset[Intent]) -> Iterator[Passage]:
    """Yield the texts of an old state, of a place in an order, or of a decision."""
    if Intent.UNDO in intents:
        yield from find_edits(earlier, words, _MAX_EDITS)
    if Intent.ORDER in intents:
        yield from find_enumerations(
            earlier.statements,
            read_ordinals(words),
            words,
            _MAX_ENUMERATIONS,
            earlier.request_before,
        )
    if Intent.REASON in intents:
        for decision in find_decisions(earlier.said, words, _MAX_DECISIONS, earlier.request_before):
            yield decision
            yield from earlier.reply_to(decision.message)


def _lists(
    earlier: EarlierTurns, words: str, intents: frozenset[Intent], room: int
) -> Iterator[Passage]:
    """Yield the lists in which a question counts, or which it asks for."""
    if not intents & {Intent.ORDER, Intent.LIST}:
        return
    kinds = account(earlier.messages)
    if Intent.ORDER in intents:
        yield from _in_order(earlier, kinds, words, room)
    if Intent.LIST in intents:
        yield from _as_passages(earlier, asked_lines(kinds, words, room))


def _in_order(
    earlier: EarlierTurns, kinds: Mapping[str, Sequence[str]], words: str, room: int
) -> Iterator[Passage]:
    ordinals = read_ordinals(words)
    nouns = " ".join(ordinal.noun for ordinal in ordinals)
    is_early = any(ordinal.place > 0 for ordinal in ordinals)
    return _as_passages(earlier, asked_lines(kinds, nouns, room, oldest=is_early))


def _open_work(earlier: EarlierTurns, intents: frozenset[Intent]) -> Iterator[Passage]:
    if Intent.BACK_REFERENCE in intents:
        pairs = find_pairs(earlier.said, _MAX_PAIRS)
        yield from pairs[:1]
        yield from find_open_work(earlier)
        yield from pairs[1:]


def _as_passages(earlier: EarlierTurns, lists: Iterator[tuple[str, str]]) -> Iterator[Passage]:
    """Yield lists by their titles as passages; they stand behind all turns that left."""
    for title, lines in lists:
        yield Passage(len(earlier.messages), 0, _ACCOUNT_SOURCE, f"{title}:\n{lines}")


def _shortened(passage: Passage) -> Passage:
    return replace(passage, text=truncate_text(passage.text.strip(), _MAX_TEXT))
