"""Long sessions as an agent has them: files read and edited, commands, errors, decisions.

Facts of eight kinds are planted on the way, among much that sounds like them, and asked for later.
Everything follows from a seed.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Message = dict[str, Any]


def _listed(words: str) -> list[str]:
    return words.split()


_NOUNS = _listed(
    """ledger invoice gateway mailer parcel tariff roster beacon harvest payroll voucher cargo
    orchard turbine lantern compass granary shuttle anchor pavilion quarry saddle thicket walnut
    meadow cobalt falcon glacier hamlet island jasmine kernel lagoon mosaic nectar oyster pebble
    quiver ribbon saffron timber urchin velvet willow yarrow zephyr bramble canyon dahlia ember
    fjord garnet hazel indigo juniper kestrel lilac magnet nutmeg onyx poplar quartz raven sorrel
    tundra umber violet wicket"""
)
_PARTS = _listed(
    """sync export import relay cache index report audit worker planner router parser signer digest
    archive monitor balancer resolver notifier scheduler"""
)
_WORDS = _listed(
    """value record field update insert select schema handler request response buffer config token
    stream thread queue socket retry timeout port host path user account total amount rate limit
    offset batch page order status state event message payload header result error code level group
    entry node edge weight score count size length width start end first last next"""
)
_PEOPLE = _listed(
    """Okafor Lindqvist Marchetti Tanaka Oyelaran Novak Haddad Silva Kowalski Brandt Moreau Iyer
    Costa Petrov Jansen Farouk Reyes Dubois Larsen Abara"""
)


class Fact(NamedTuple):
    """Something planted: where it stands, what asks for it, and the words that answer it."""

    kind: str
    question: str
    answer: str
    plant: Callable[["Writer"], list[Message]]


class Question(NamedTuple):
    """A request of the user about a fact that was planted `distance` turns before."""

    kind: str
    text: str
    answer: str
    distance: int


class Step(NamedTuple):
    """What a turn adds to the conversation, and the question that it ends with, if any."""

    messages: list[Message]
    question: Question | None = None


class Writer:
    """Writes turns."""

    def __init__(self, seed: int, longer: int = 1) -> None:
        self.random = random.Random(seed)
        self._longer = longer
        self._calls = 0

    def call(self, said: str, name: str, given: dict[str, Any], result: str) -> list[Message]:
        """Give a call and its result."""
        self._calls += 1
        identifier = f"toolu_{self._calls:06}"
        use = {"type": "tool_use", "id": identifier, "name": name, "input": given}
        text = [{"type": "text", "text": said}] if said else []
        answer = {"type": "tool_result", "tool_use_id": identifier, "content": result}
        return [
            {"role": "assistant", "content": [*text, use]},
            {"role": "user", "content": [answer]},
        ]

    def read(self, path: str, text: str) -> list[Message]:
        """Read a file, with line numbers as Claude Code writes them."""
        lines = "\n".join(f"{at:>6}\t{line}" for at, line in enumerate(text.splitlines(), 1))
        return self.call("", "Read", {"file_path": path}, lines)

    def edit(self, path: str, old: str, new: str) -> list[Message]:
        """Edit a file."""
        given = {"file_path": path, "old_string": old, "new_string": new}
        return self.call("", "Edit", given, f"The file {path} has been updated.")

    def run(self, command: str, output: str) -> list[Message]:
        """Run a command."""
        return self.call("", "Bash", {"command": command}, output)

    def talk(self, question: str, answer: str) -> list[Message]:
        """Let the user say something and the model answer; the user goes on."""
        return [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": question},
        ]

    def word(self) -> str:
        """Give a word of code."""
        return self.random.choice(_WORDS)

    def name(self) -> str:
        """Give a name of some service."""
        return f"{self.random.choice(_NOUNS)}_{self.random.choice(_PARTS)}"

    def code(self, lines: int, insert: str = "") -> str:
        """Write a module of about so many lines, with a text in the middle of it."""
        parts: list[str] = [f'"""The {self.word()} of the {self.name()}."""', ""]
        while len(parts) < lines:
            if insert and len(parts) >= lines // 2:
                parts += [*insert.splitlines(), ""]
                insert = ""
            parts += self._function()
        return "\n".join(parts)

    def _function(self) -> list[str]:
        one, two, three = self.word(), self.word(), self.word()
        number = self.random.randint(1, 9999)
        body = [
            f"    {two}_{three} = {one}.{self.word()}({number})",
            f"    if {two}_{three} is None or {two}_{three}.{self.word()} > {number % 97}:",
            f'        raise ValueError(f"no {self.word()} for {{{one}}}")',
            f"    return {self.word()}_{self.word()}({two}_{three}, {self.word()}={number % 13})",
        ]
        return [f"def {self.word()}_{self.word()}({one}, {two}):", *body, "", ""]

    def output(self, lines: int) -> str:
        """Write what a test run prints."""
        written = [
            f"tests/test_{self.name()}.py::test_{self.word()}_{self.word()} "
            f"{self.random.choice(['PASSED', 'PASSED', 'PASSED', 'FAILED'])} "
            f"[{self.random.randint(1, 100)}%]"
            for _ in range(lines)
        ]
        return "\n".join([*written, f"{lines} tests in {self.random.random() * 9:.2f}s"])

    def filler(self) -> list[Message]:
        """Write a turn of work."""
        path = f"/srv/{self.name()}/{self.word()}.py"
        match self.random.randrange(8):
            case 0 | 1:
                return self.read(path, self.code(self.random.randint(15, 60) * self._longer))
            case 2 | 3:
                new = "\n".join(self._function())
                return self.edit(path, self.code(3), new)
            case 4 | 5:
                return self.run("pytest -q", self.output(self.random.randint(3, 20)))
            case 6:
                found = [f"/srv/{self.name()}/{self.word()}.py" for _ in range(12)]
                return self.call("", "Grep", {"pattern": self.word()}, "\n".join(found))
            case _:
                return self.run(f"ls /srv/{self.name()}", " ".join(self.word() for _ in range(30)))


def facts(writer: Writer) -> list[Fact]:
    """Give facts of eight kinds, each about a thing of its own."""
    source = writer.random
    nouns = source.sample(_NOUNS, len(_NOUNS))
    made: list[Fact] = []
    for at, noun in enumerate(nouns):
        part, person = source.choice(_PARTS), source.choice(_PEOPLE)
        made.append(_KINDS[at % len(_KINDS)](noun, part, person, source.randint(1000, 9999)))
    return made


def _port(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f'SERVER = {{"host": "0.0.0.0", "port": {number}, "workers": 4}}'
    return Fact(
        "port",
        f"On which port does the {noun} {part} listen?",
        f'"port": {number}',
        lambda w: w.read(f"/srv/{noun}_{part}/config.py", w.code(30, line)),
    )


def _signature(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"def rebuild_{noun}_{part}(since, until, *, depth={number}, dry_run=False):\n    pass"
    return Fact(
        "signature",
        f"What parameters does the function that rebuilds the {noun} {part} take?",
        f"(since, until, *, depth={number}",
        lambda w: w.read(f"/srv/{noun}/{part}.py", w.code(40, line)),
    )


def _error(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"{noun.title()}Error: checksum mismatch in segment {number} of {part}"
    return Fact(
        "error message",
        f"What exactly was the error of the {noun} {part} earlier?",
        f"mismatch in segment {number}",
        lambda w: w.run(f"make {noun}", f"{w.output(8)}\n{line}\n{w.output(8)}"),
    )


def _decision(noun: str, part: str, _person: str, number: int) -> Fact:
    why = f"because its lock is held for {number} ms under load"
    said = f"For the {noun} {part} we use append-only files instead of SQLite, {why}."
    return Fact(
        "decision and reason",
        f"Why did we not take SQLite for the {noun} {part}?",
        f"held for {number} ms under load",
        lambda w: w.talk("Good. Go on with the rest of the work.", said),
    )


def _content(noun: str, part: str, _person: str, number: int) -> Fact:
    old, new = f"{noun}_retry_limit = {number}", f"{noun}_retry_limit = {number * 3}"
    return Fact(
        "old and new content",
        f"What was the retry limit of the {noun} before we changed it, and what is it now?",
        f"{old}\nnew_string: {new}",
        lambda w: w.edit(f"/srv/{part}/{noun}.py", old, new),
    )


def _name(noun: str, part: str, person: str, number: int) -> Fact:
    said = (
        f"By the way, the {noun} {part} belongs to {person}-{number}; ask there before a release."
    )
    return Fact(
        "name said once",
        f"Who is responsible for the {noun} {part}?",
        f"{person}-{number}",
        lambda w: w.talk(said, "Tests are green again. What is next?"),
    )


def _table(noun: str, part: str, _person: str, number: int) -> Fact:
    rows = f"| table | rows | size |\n|---|---|---|\n| {noun}_{part} | {number} | 12 MB |"
    return Fact(
        "number in a table",
        f"How many rows are there in the table {noun}_{part}?",
        f"| {noun}_{part} | {number} |",
        lambda w: w.run("python count_rows.py", f"{w.output(5)}\n{rows}\n{w.output(5)}"),
    )


def _path(noun: str, part: str, _person: str, number: int) -> Fact:
    line = f"wrote the dump of {noun} to /var/backups/{part}/{number}/dump.bin"
    return Fact(
        "path",
        f"Where did the dump of the {noun} go?",
        f"/var/backups/{part}/{number}/dump.bin",
        lambda w: w.run(f"./backup.sh {noun}", f"{w.output(6)}\n{line}\n{w.output(6)}"),
    )


_KINDS = (_port, _signature, _error, _decision, _content, _name, _table, _path)


def session(seed: int, turns: int, longer: int = 1) -> Iterator[Step]:
    """Give a session turn by turn, of about 230 tokens each; files are so many times `longer`.

    From turn 20 on a fact is planted every third turn and asked for 5 to 200 turns later.
    """
    writer = Writer(seed, longer)
    system = "Refactor the services below /srv: one module each, tests first."
    yield Step([{"role": "user", "content": system}])
    waiting = facts(writer)
    asked: dict[int, list[tuple[Fact, int]]] = {}
    for turn in range(1, turns):
        if due := asked.pop(turn, None):
            fact, planted = due[0]
            for late in due[1:]:
                asked.setdefault(turn + 1, []).append(late)
            question = Question(fact.kind, fact.question, fact.answer, turn - planted)
            yield Step(writer.talk(fact.question, "Done; the tests pass."), question)
        elif waiting and turn >= 3 and turn % 3 == 0:
            fact = waiting.pop()
            yield Step(fact.plant(writer))
            distance = min(writer.random.choice((5, 12, 30, 60, 100, 150, 200)), turns - turn - 1)
            asked.setdefault(turn + max(distance, 1), []).append((fact, turn))
        else:
            yield Step(writer.filler())
