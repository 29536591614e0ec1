"""Writes a session as Claude Code has it, and the questions that are asked about it later.

The client sends a reading with numbered lines, a failure as `is_error`, and reminders as text
blocks before the user's words.
"""

import random
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

Message = dict[str, Any]

FOLDER = "/home/mira/code/parcelhub"
# Where a question has the text that the user pasted.
PASTED = "{pasted}"


class Kind(StrEnum):
    """What makes a question hard, or easy."""

    RARE = "rare"
    DECISION = "decision"
    VALUE_NOW = "value now"
    UNDO = "undo"
    MIDDLE = "middle"
    LIST = "list"
    ORDER = "order"
    PRONOUN = "pronoun"
    CONTINUE = "continue"
    GERMAN = "German"
    LOG = "log"
    TOOL_LOOP = "tool loop"
    PARAPHRASE = "paraphrase"


class Question(NamedTuple):
    """What follows on the first `asked_after` messages; the prompt must then hold all `answers`.

    The last of `messages` asks. What stands before it is what was just said. `wording` is what a
    person needs in order to understand the question.
    """

    kind: Kind
    wording: str
    messages: list[Message]
    answers: list[str]
    asked_after: int = 0


class Exchange(NamedTuple):
    """What the user said just before a question, and what the model replied."""

    user: str
    reply: str


class SessionWriter:
    """Collects messages and questions; `random` is the only source of chance.

    `characters` is how long the messages are. Calls are numbered from `first_call` on.
    """

    def __init__(self, seed: int, first_call: int = 1) -> None:
        self.random = random.Random(seed)
        self.messages: list[Message] = []
        self.questions: list[Question] = []
        self.characters = 0
        self._next_call = first_call

    def user(self, text: str, *reminders: str) -> None:
        """Add what the user says."""
        self._add(user_message(text, *reminders))

    def say(self, text: str) -> None:
        """Add the model's reply, which ends its turn."""
        self._add(_reply(text))

    def system(self, text: str) -> None:
        """Add a note of the client in the role `system`."""
        self._add({"role": "system", "content": text})

    def read(self, path: str, text: str, say: str = "") -> None:
        """Add the reading of a file."""
        self._call(say, "Read", {"file_path": _absolute(path)}, numbered(text))

    def grep(self, pattern: str, matches: str, say: str = "") -> None:
        """Add a search in files."""
        arguments = {"pattern": pattern, "path": FOLDER, "output_mode": "content"}
        self._call(say, "Grep", arguments, matches)

    def bash(self, command: str, output: str, say: str = "", *, failed: bool = False) -> None:
        """Add the run of a command."""
        arguments = {"command": command, "description": f"Run {command.split(maxsplit=1)[0]}"}
        self._call(say, "Bash", arguments, f"Exit code 1\n{output}" if failed else output, failed)

    def edit(self, path: str, old: str, new: str, say: str = "") -> None:
        """Add the edit of a file."""
        place = _absolute(path)
        arguments = {"replace_all": False, "file_path": place, "old_string": old, "new_string": new}
        self._call(say, "Edit", arguments, f"The file {place} has been updated successfully.")

    def write(self, path: str, text: str, say: str = "") -> None:
        """Add the writing of a whole file."""
        place = _absolute(path)
        arguments = {"file_path": place, "content": text}
        self._call(say, "Write", arguments, f"File created successfully at: {place}")

    def ask(
        self,
        kind: Kind,
        text: str,
        *answers: str,
        before: Sequence[Exchange] = (),
        pasted: str = "",
    ) -> None:
        """Add a question for the end of the session; `pasted` replaces PASTED in its text."""
        said = [turn for one in before for turn in (user_message(one.user), _reply(one.reply))]
        messages = [*said, user_message(text.replace(PASTED, pasted))]
        self.questions.append(Question(kind, text, messages, [*answers]))

    def ask_here(self, kind: Kind, text: str, *answers: str) -> None:
        """Add a question that is asked at this point of the session."""
        at = len(self.messages)
        self.questions.append(Question(kind, text, [user_message(text)], [*answers], at))

    def ask_in_loop(self, remark: str, messages: list[Message], *answers: str) -> None:
        """Add what the model does by itself at the end of the session, with its newest remark."""
        self.questions.append(Question(Kind.TOOL_LOOP, remark, messages, [*answers]))

    def _add(self, message: Message) -> None:
        self.messages.append(message)
        self.characters += sum(map(len, _texts(message)))

    def _call(
        self, say: str, name: str, arguments: dict[str, Any], result: str, failed: bool = False
    ) -> None:
        identifier = f"toolu_{self._next_call:024}"
        self._next_call += 1
        call = {"type": "tool_use", "id": identifier, "name": name, "input": arguments}
        content = [_text_block(say), call] if say else [call]
        self._add({"role": "assistant", "content": content})
        block: dict[str, Any] = {
            "tool_use_id": identifier,
            "type": "tool_result",
            "content": result,
        }
        if name == "Bash":
            block["is_error"] = failed
        self._add({"role": "user", "content": [block]})


def user_message(text: str, *reminders: str) -> Message:
    """Return a message of the user, with the client's reminders before the words."""
    blocks = [_text_block(f"<system-reminder>\n{one}\n</system-reminder>\n") for one in reminders]
    return {"role": "user", "content": [*blocks, _text_block(text)] if blocks else text}


def numbered(text: str) -> str:
    """Return a text with numbered lines, as the client shows a file."""
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(f"{number:>6}→{line}" for number, line in lines)


def texts_of(messages: list[Message]) -> str:
    """Return everything that stands in messages."""
    return "\n".join(line for message in messages for line in _texts(message))


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"{FOLDER}/{path}"


def _reply(text: str) -> Message:
    return {"role": "assistant", "content": [_text_block(text)]}


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _texts(message: Message) -> list[str]:
    content = message["content"]
    if isinstance(content, str):
        return [content]
    return [text for block in content for text in _block_texts(block)]


def _block_texts(block: dict[str, Any]) -> list[str]:
    match block["type"]:
        case "text":
            return [block["text"]]
        case "tool_use":
            return [str(value) for value in block["input"].values()]
    return [block["content"]]
