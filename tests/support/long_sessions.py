"""Long sessions as an agent has them: files read and edited, commands, errors, decisions.

Facts of eight kinds are planted among many similar texts, and asked for later. Everything follows
from a seed.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from support.turn_writer import NOUNS, PARTS, Message, TurnWriter, split_words

_PEOPLE = split_words(
    """Okafor Lindqvist Marchetti Tanaka Oyelaran Novak Haddad Silva Kowalski Brandt Moreau Iyer
    Costa Petrov Jansen Farouk Reyes Dubois Larsen Abara"""
)


class Fact(NamedTuple):
    """A planted fact: the question about it, the words of its answer, the turn that states it."""

    kind: str
    question: str
    answer: str
    plant: Callable[["TurnWriter"], list[Message]]


class Question(NamedTuple):
    """A question of the user about a fact that was planted `distance` turns before."""

    kind: str
    text: str
    answer: str
    distance: int


class SessionTurn(NamedTuple):
    """The messages that a turn adds, and the question that it ends with, if any."""

    messages: list[Message]
    question: Question | None = None


def make_facts(writer: TurnWriter) -> list[Fact]:
    """Return facts of eight kinds, each about another thing."""
    rng = writer.random
    nouns = rng.sample(NOUNS, len(NOUNS))
    planted_facts: list[Fact] = []
    for index, noun in enumerate(nouns):
        part, person = rng.choice(PARTS), rng.choice(_PEOPLE)
        planted_facts.append(
            _FACT_KINDS[index % len(_FACT_KINDS)](noun, part, person, rng.randint(1000, 9999))
        )
    return planted_facts


def _port(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f'SERVER = {{"host": "0.0.0.0", "port": {number}, "workers": 4}}'
    return Fact(
        "port",
        f"On which port does the {noun} {part} listen?",
        f'"port": {number}',
        lambda writer: writer.read(f"/srv/{noun}_{part}/config.py", writer.code(30, line)),
    )


def _signature(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"def rebuild_{noun}_{part}(since, until, *, depth={number}, dry_run=False):\n    pass"
    return Fact(
        "signature",
        f"What parameters does the function that rebuilds the {noun} {part} take?",
        f"(since, until, *, depth={number}",
        lambda writer: writer.read(f"/srv/{noun}/{part}.py", writer.code(40, line)),
    )


def _error(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"{noun.title()}Error: checksum mismatch in segment {number} of {part}"
    return Fact(
        "error message",
        f"What exactly was the error of the {noun} {part} earlier?",
        f"mismatch in segment {number}",
        lambda writer: writer.run(
            f"make {noun}", f"{writer.output(8)}\n{line}\n{writer.output(8)}"
        ),
    )


def _decision(noun: str, part: str, _person: str, number: int) -> Fact:
    reason = f"because its lock is held for {number} ms under load"
    answer = f"For the {noun} {part} we use append-only files instead of SQLite, {reason}."
    return Fact(
        "decision and reason",
        f"Why did we not take SQLite for the {noun} {part}?",
        f"held for {number} ms under load",
        lambda writer: writer.talk("Good. Go on with the rest of the work.", answer),
    )


def _content(noun: str, part: str, _person: str, number: int) -> Fact:
    old, new = f"{noun}_retry_limit = {number}", f"{noun}_retry_limit = {number * 3}"
    return Fact(
        "old and new content",
        f"What was the retry limit of the {noun} before we changed it, and what is it now?",
        f"{old}\nnew_string: {new}",
        lambda writer: writer.edit(f"/srv/{part}/{noun}.py", old, new),
    )


def _name(noun: str, part: str, person: str, number: int) -> Fact:
    remark = (
        f"By the way, the {noun} {part} belongs to {person}-{number}; ask there before a release."
    )
    return Fact(
        "name said once",
        f"Who is responsible for the {noun} {part}?",
        f"{person}-{number}",
        lambda writer: writer.talk(remark, "Tests are green again. What is next?"),
    )


def _table(noun: str, part: str, _person: str, number: int) -> Fact:
    rows = f"| table | rows | size |\n|---|---|---|\n| {noun}_{part} | {number} | 12 MB |"
    return Fact(
        "number in a table",
        f"How many rows are there in the table {noun}_{part}?",
        f"| {noun}_{part} | {number} |",
        lambda writer: writer.run(
            "python count_rows.py", f"{writer.output(5)}\n{rows}\n{writer.output(5)}"
        ),
    )


def _path(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"wrote the dump of {noun} to /var/backups/{part}/{number}/dump.bin"
    return Fact(
        "path",
        f"Where did the dump of the {noun} go?",
        f"/var/backups/{part}/{number}/dump.bin",
        lambda writer: writer.run(
            f"./backup.sh {noun}", f"{writer.output(6)}\n{line}\n{writer.output(6)}"
        ),
    )


_FACT_KINDS = (_port, _signature, _error, _decision, _content, _name, _table, _path)


def generate_session(seed: int, turns: int, length_factor: int = 1) -> Iterator[SessionTurn]:
    """Yield a session turn by turn, of about 230 tokens each; files are `length_factor` longer.

    From turn 20 on a fact is planted every third turn and asked for 5 to 200 turns later.
    """
    writer = TurnWriter(seed, length_factor)
    instructions = "Refactor the services below /srv: one module each, tests first."
    yield SessionTurn([{"role": "user", "content": instructions}])
    unplanted = make_facts(writer)
    due_questions: dict[int, list[tuple[Fact, int]]] = {}
    for turn in range(1, turns):
        if due := due_questions.pop(turn, None):
            fact, planted = due[0]
            for delayed in due[1:]:
                due_questions.setdefault(turn + 1, []).append(delayed)
            question = Question(fact.kind, fact.question, fact.answer, turn - planted)
            yield SessionTurn(writer.talk(fact.question, "Done; the tests pass."), question)
        elif unplanted and turn >= 3 and turn % 3 == 0:
            fact = unplanted.pop()
            yield SessionTurn(fact.plant(writer))
            distance = min(writer.random.choice((5, 12, 30, 60, 100, 150, 200)), turns - turn - 1)
            due_questions.setdefault(turn + max(distance, 1), []).append((fact, turn))
        else:
            yield SessionTurn(writer.work_turn())
