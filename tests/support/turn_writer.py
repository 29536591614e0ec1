"""Writes the turns of an agent's session: files read and edited, commands, talk.

Everything follows from a seed.
"""

import random
from typing import Any

Message = dict[str, Any]


def split_words(words: str) -> list[str]:
    return words.split()


NOUNS = split_words(
    """ledger invoice gateway mailer parcel tariff roster beacon harvest payroll voucher cargo
    orchard turbine lantern compass granary shuttle anchor pavilion quarry saddle thicket walnut
    meadow cobalt falcon glacier hamlet island jasmine kernel lagoon mosaic nectar oyster pebble
    quiver ribbon saffron timber urchin velvet willow yarrow zephyr bramble canyon dahlia ember
    fjord garnet hazel indigo juniper kestrel lilac magnet nutmeg onyx poplar quartz raven sorrel
    tundra umber violet wicket"""
)
PARTS = split_words(
    """sync export import relay cache index report audit worker planner router parser signer digest
    archive monitor balancer resolver notifier scheduler"""
)
_WORDS = split_words(
    """value record field update insert select schema handler request response buffer config token
    stream thread queue socket retry timeout port host path user account total amount rate limit
    offset batch page order status state event message payload header result error code level group
    entry node edge weight score count size length width start end first last next"""
)


class TurnWriter:
    """Writes turns of about 230 tokens; `length_factor` multiplies the length of files."""

    def __init__(self, seed: int, length_factor: int = 1) -> None:
        self.random = random.Random(seed)
        self._length_factor = length_factor
        self._calls = 0

    def call(self, text: str, name: str, arguments: dict[str, Any], result: str) -> list[Message]:
        """Return a tool call and its result."""
        self._calls += 1
        identifier = f"toolu_{self._calls:06}"
        tool_use = {"type": "tool_use", "id": identifier, "name": name, "input": arguments}
        text_blocks = [{"type": "text", "text": text}] if text else []
        tool_result = {"type": "tool_result", "tool_use_id": identifier, "content": result}
        return [
            {"role": "assistant", "content": [*text_blocks, tool_use]},
            {"role": "user", "content": [tool_result]},
        ]

    def read(self, path: str, text: str) -> list[Message]:
        """Return the reading of a file, with line numbers as Claude Code writes them."""
        lines = "\n".join(
            f"{number:>6}\t{line}" for number, line in enumerate(text.splitlines(), 1)
        )
        return self.call("", "Read", {"file_path": path}, lines)

    def edit(self, path: str, old: str, new: str) -> list[Message]:
        """Return the edit of a file."""
        arguments = {"file_path": path, "old_string": old, "new_string": new}
        return self.call("", "Edit", arguments, f"The file {path} has been updated.")

    def run(self, command: str, output: str) -> list[Message]:
        """Return the run of a command."""
        return self.call("", "Bash", {"command": command}, output)

    def talk(self, question: str, answer: str) -> list[Message]:
        """Return an answer of the model in text and what the user says next."""
        return [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": question},
        ]

    def word(self) -> str:
        """Return a random word of code."""
        return self.random.choice(_WORDS)

    def name(self) -> str:
        """Return a random name of a service."""
        return f"{self.random.choice(NOUNS)}_{self.random.choice(PARTS)}"

    def code(self, lines: int, insert: str = "") -> str:
        """Write a module of about so many lines, with `insert` in its middle."""
        parts: list[str] = [f'"""The {self.word()} of the {self.name()}."""', ""]
        while len(parts) < lines:
            if insert and len(parts) >= lines // 2:
                parts += [*insert.splitlines(), ""]
                insert = ""
            parts += self._function()
        return "\n".join(parts)

    def _function(self) -> list[str]:
        owner, parameter, suffix = self.word(), self.word(), self.word()
        local = f"{parameter}_{suffix}"
        number = self.random.randint(1, 9999)
        body = [
            f"    {local} = {owner}.{self.word()}({number})",
            f"    if {local} is None or {local}.{self.word()} > {number % 97}:",
            f'        raise ValueError(f"no {self.word()} for {{{owner}}}")',
            f"    return {self.word()}_{self.word()}({local}, {self.word()}={number % 13})",
        ]
        return [f"def {self.word()}_{self.word()}({owner}, {parameter}):", *body, "", ""]

    def output(self, lines: int) -> str:
        """Write the output of a test run."""
        results = [
            f"tests/test_{self.name()}.py::test_{self.word()}_{self.word()} "
            f"{self.random.choice(['PASSED', 'PASSED', 'PASSED', 'FAILED'])} "
            f"[{self.random.randint(1, 100)}%]"
            for _ in range(lines)
        ]
        return "\n".join([*results, f"{lines} tests in {self.random.random() * 9:.2f}s"])

    def work_turn(self) -> list[Message]:
        """Return a random tool call and its result."""
        path = f"/srv/{self.name()}/{self.word()}.py"
        match self.random.randrange(8):
            case 0 | 1:
                return self.read(path, self.code(self.random.randint(15, 60) * self._length_factor))
            case 2 | 3:
                new = "\n".join(self._function())
                return self.edit(path, self.code(3), new)
            case 4 | 5:
                return self.run("pytest -q", self.output(self.random.randint(3, 20)))
            case 6:
                paths = [f"/srv/{self.name()}/{self.word()}.py" for _ in range(12)]
                return self.call("", "Grep", {"pattern": self.word()}, "\n".join(paths))
            case _:
                return self.run(f"ls /srv/{self.name()}", " ".join(self.word() for _ in range(30)))
