"""Long sessions with things that are asked for later."""

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import NamedTuple

from recall.dialogue import Dialogue, DialogueWriter
from recall.kinds.decisions import decision, german_decision
from recall.kinds.edits import undo, value_now
from recall.kinds.facts_asked import german_names, pasted_log, rare_words, tool_loop
from recall.kinds.lists import list_of
from recall.kinds.long_results import middle
from recall.kinds.order import by_order
from recall.kinds.paraphrases import german_meaning, paraphrase
from recall.kinds.references import proceed, pronoun, resume
from recall.plant import Material, Plant, message_text
from recall.source_tree import SourceTree
from recall.words import Words
from recall.work import everyday_work

# What comes after the last thing that is asked for: more than any of the windows holds.
_TAIL_CHARACTERS = 120_000
# Questions of each kind that are made in addition, for some answers turn up elsewhere by chance.
_SPARE_QUESTIONS = 4


def _german(material: Material, number: int) -> Plant:
    makers = (german_names, german_meaning, german_decision, german_names, german_meaning)
    return makers[number % len(makers)](material, number)


_MAKERS: dict[str, Callable[[Material, int], Plant]] = {
    "rare words": rare_words,
    "decision": decision,
    "value now": value_now,
    "undo": undo,
    "middle": middle,
    "list": list_of,
    "order": by_order,
    "pronoun": pronoun,
    "continue": proceed,
    "German": _german,
    "pasted log": pasted_log,
    "tool loop": tool_loop,
    "paraphrase": paraphrase,
}
KINDS = tuple(_MAKERS)


class Session(NamedTuple):
    """The turns of a session after its first request, and what can be asked at its end."""

    messages: Dialogue
    plants: tuple[Plant, ...]


def make_session(seed: int, tokens: int, questions: int) -> Session:
    """Return a session of so many tokens with so many questions of each kind."""
    random = Random(f"{seed} {tokens}")
    style = "arrow" if seed % 3 == 0 else "tab"
    root = f"/home/{random.choice(('mira', 'jonas', 'sam'))}/src/{random.choice(_PROJECTS)}"
    material = Material(
        random, Words(random), SourceTree(random, root), DialogueWriter(random, style)
    )
    plants = _make_plants(material, questions + _SPARE_QUESTIONS)
    planted = sum(map(_size, (scene for plant in plants for scene in plant.scenes)))
    work: list[Dialogue] = []
    room = 4 * tokens - planted
    while room > 0:
        work.append(everyday_work(material))
        room -= _size(work[-1])
    messages = _mix(random, plants, work)
    usable = list(_usable(messages, plants))
    chosen = [
        plant for kind in KINDS for plant in [one for one in usable if one.kind == kind][:questions]
    ]
    return Session(messages, tuple(chosen))


_PROJECTS = ("harbor", "quillshop", "meridian", "tillerman")


def _make_plants(material: Material, count: int) -> list[Plant]:
    plants = [resume(material, material.random.randrange(1000))]
    for make in _MAKERS.values():
        start = material.random.randrange(1000)
        plants += [make(material, number) for number in range(start, start + count)]
    return plants


def _mix(random: Random, plants: Iterable[Plant], work: list[Dialogue]) -> Dialogue:
    """Return one session: the scenes in random places, all of them before its tail."""
    size = end = 0
    for end in range(len(work) - 1, -1, -1):
        size += _size(work[end])
        if size > _TAIL_CHARACTERS:
            break
    placed = [
        (end - 0.01 if plant.is_last else place, scene)
        for plant in plants
        for place, scene in zip(
            sorted(random.random() * (end - 1) for _ in plant.scenes), plant.scenes, strict=True
        )
    ]
    placed += [(float(index), scene) for index, scene in enumerate(work)]
    placed.sort(key=lambda pair: pair[0])
    return [message for _, scene in placed for message in scene]


def _usable(messages: Dialogue, plants: Iterable[Plant]) -> Iterator[Plant]:
    """Yield the plants whose answers are in their own scenes and nowhere else in the session."""
    text = "\n".join(map(message_text, messages))
    for plant in plants:
        own = "\n".join(message_text(message) for scene in plant.scenes for message in scene)
        asked = "\n".join(map(message_text, plant.fork))
        if all(
            text.count(answer) == own.count(answer) > 0 and answer not in asked
            for answer in plant.answers
        ):
            yield plant


def _size(scene: Dialogue) -> int:
    return sum(len(message_text(message)) for message in scene)
