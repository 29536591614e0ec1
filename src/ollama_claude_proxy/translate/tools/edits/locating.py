"""Where an edit applies in what is known of a file."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import Literal

from msgspec import Struct

from ollama_claude_proxy.translate.tools.edits.file_calls import Edit
from ollama_claude_proxy.translate.tools.edits.known_file import KnownFile, Run
from ollama_claude_proxy.translate.tools.edits.matching import Span, Wanted, find_spans
from ollama_claude_proxy.translate.tools.edits.near import find_near
from ollama_claude_proxy.translate.tools.edits.rewriting import rewrite
from ollama_claude_proxy.translate.tools.edits.slips import Undone, undo_slips
from ollama_claude_proxy.translate.tools.edits.spelling import SpelledText

_MAX_PLACES = 50

Finding = Literal["as written", "replaced", "several", "near", "nothing"]


class Place(Struct, frozen=True):
    """A span in one run of a file."""

    run: Run
    span: Span

    @property
    def text(self) -> str:
        """What literally stands there."""
        return self.run.text[self.span.start : self.span.end]


class Located(Struct, frozen=True):
    """Where an edit applies: `as written`, or `replaced` by the edit that applies.

    Otherwise it does not apply: there are `several` places, one or more that are `near`, or
    `nothing` is alike. `slips` are the kinds of slips that were undone.
    """

    finding: Finding
    edit: Edit
    places: tuple[Place, ...] = ()
    slips: tuple[str, ...] = ()


def locate(known: KnownFile, edit: Edit) -> Located:
    """Return where an edit applies."""
    exact = _exact_places(known.runs, edit.old)
    if exact:
        is_clear = len(exact) == 1 or edit.replace_all
        return Located("as written" if is_clear else "several", edit, tuple(exact))
    texts = [(run, SpelledText(run.text)) for run in known.runs]
    for candidates in undo_slips(edit.old, edit.new):
        found = [
            (undone, Place(run, span))
            for undone in candidates
            for run, text in texts
            for span in find_spans(text, Wanted(undone.old, undone.new), _MAX_PLACES)
        ]
        if found:
            return _of_found(known, edit, found)
    near = _near_places(texts, edit)
    return Located("near" if near else "nothing", edit, tuple(near))


def _exact_places(runs: Sequence[Run], old: str) -> list[Place]:
    places: list[Place] = []
    for run in runs:
        text = f"{run.text}\n"  # whether a last line ends is not always shown
        position = text.find(old) if old else -1
        while position >= 0 and len(places) < _MAX_PLACES:
            places.append(Place(run, Span(position, position + len(old))))
            position = text.find(old, position + len(old))
    return places


def _of_found(known: KnownFile, edit: Edit, found: list[tuple[Undone, Place]]) -> Located:
    """Return the one edit that is meant, or the places among which it is not clear."""
    places = {(place.run.first, place.span.start, place.span.end): place for _, place in found}
    several = Located("several" if len(places) > 1 else "near", edit, tuple(places.values()))
    if len({place.text for place in places.values()}) > 1:
        return several
    if len(places) > 1 and not edit.replace_all:
        return several
    meanings = {
        rewrite(undone.old, undone.new, place.run.text, place.span) for undone, place in found
    }
    new = meanings.pop()
    old = next(iter(places.values())).text
    if meanings or new is None or new == old:
        return several
    if not edit.replace_all and sum(run.text.count(old) for run in known.runs) != 1:
        return several
    slips = next(undone.names for undone, _ in found) or ("white space or punctuation",)
    return Located("replaced", Edit(old, new, edit.replace_all), tuple(places.values()), slips)


def _near_places(texts: Sequence[tuple[Run, SpelledText]], edit: Edit) -> list[Place]:
    candidates = chain.from_iterable(islice(undo_slips(edit.old, edit.new), 2))
    for undone in candidates:
        wanted = Wanted(undone.old, undone.new)
        for run, text in texts:
            spans = find_near(text, wanted, 3)
            if spans:
                return [Place(run, span) for span in spans]
    return []
