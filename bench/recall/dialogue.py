"""Turns in the form in which Claude Code sends them."""

from collections.abc import Iterator
from random import Random
from typing import Any

from recall.source_tree import SourceFile

Message = dict[str, Any]
Dialogue = list[Message]


def reminder(text: str) -> str:
    """Return a text as the client's reminder."""
    return f"<system-reminder>\n{text}\n</system-reminder>"


class DialogueWriter:
    """Writes dialogues: `start`, then turns, then `end`. Calls have ids that never repeat."""

    def __init__(self, random: Random, line_style: str) -> None:
        self.random = random
        self._line_style = line_style
        self._ids = self._call_ids()
        self._messages: Dialogue = []

    def end(self) -> Dialogue:
        """Return the turns that were written since the last end."""
        messages, self._messages = self._messages, []
        return messages

    def user(self, text: str) -> None:
        """The user says something; now and then the client adds a reminder."""
        blocks = [{"type": "text", "text": text}]
        if self.random.random() < 0.2:
            blocks.insert(0, {"type": "text", "text": reminder(self._client_note())})
        self._messages.append({"role": "user", "content": blocks})

    def assistant(self, text: str) -> None:
        """The assistant says something and ends its turn, now and then with a remark."""
        if self.random.random() < 0.25:
            text = f"{text}\n\n{self.random.choice(_REMARKS)}"
        content = [*self._thinking(), {"type": "text", "text": text}]
        self._messages.append({"role": "assistant", "content": content})

    def call(
        self,
        name: str,
        arguments: dict[str, Any],
        result: str,
        text: str = "",
        *,
        failed: bool = False,
    ) -> None:
        """The assistant calls a tool, perhaps with a word before, and gets a result."""
        call_id = next(self._ids)
        call = {"type": "tool_use", "id": call_id, "name": name, "input": arguments}
        words = [{"type": "text", "text": text}] if text else []
        self._messages.append({"role": "assistant", "content": [*self._thinking(), *words, call]})
        answer: Message = {"type": "tool_result", "tool_use_id": call_id, "content": result}
        if name == "Bash":
            answer["is_error"] = failed
        self._messages.append({"role": "user", "content": [answer]})

    def bash(self, command: str, result: str, text: str = "", *, failed: bool = False) -> None:
        """Run a command."""
        arguments = {"command": command, "description": f"Run {command.split(maxsplit=1)[0]}"}
        if failed:
            result = f"Exit code 1\n{result}"
        self.call("Bash", arguments, result, text, failed=failed)

    def read(self, file: SourceFile, text: str = "", lines: tuple[int, int] | None = None) -> None:
        """Read a file, whole or from a line to a line."""
        first, last = lines or (1, len(file.lines))
        part = {"offset": first, "limit": last - first + 1} if lines else {}
        result = file.numbered(first, last, self._line_style)
        self.call("Read", {"file_path": file.path, **part}, result, text)

    def edit(self, path: str, old: str, new: str, text: str = "") -> None:
        """Edit a file."""
        arguments = {
            "replace_all": False, "file_path": path, "old_string": old, "new_string": new,
        }  # fmt: skip
        result = (
            f"The file {path} has been updated successfully. (file state is current in your "
            "context — no need to Read it back)"
        )
        self.call("Edit", arguments, result, text)

    def write(self, path: str, content: str, text: str = "") -> None:
        """Write a new file."""
        result = (
            f"File created successfully at: {path} (file state is current in your context — no "
            "need to Read it back)"
        )
        self.call("Write", {"file_path": path, "content": content}, result, text)

    def _thinking(self) -> list[dict[str, str]]:
        if self.random.random() > 0.15:
            return []
        thought = self.random.choice(_THOUGHTS)
        signature = f"{self.random.getrandbits(160):040x}"
        return [{"type": "thinking", "thinking": thought, "signature": signature}]

    def _client_note(self) -> str:
        return self.random.choice(_NOTES).format(number=self.random.randrange(1000, 9999))

    def _call_ids(self) -> Iterator[str]:
        while True:
            yield f"toolu_{self.random.getrandbits(96):024x}"


_THOUGHTS = (
    "The user wants this done carefully. I should look at the code before I change anything.",
    "Let me check the callers first, otherwise I may break one of them.",
    "The output is long, but the relevant part is near the end.",
    "This is a small change. I will do it and run the tests.",
    "I should keep the public signature as it is.",
    "Simple enough; no need to ask again.",
)
_REMARKS = (
    "I have not committed anything yet. If you want a commit, tell me which message to use.",
    "I did not check how it behaves on Windows, and with more than one process at a time.",
    "There is a similar place a few lines below that I left alone, because nothing calls it.",
    "The change is small, but since it touches a public function it should be in the changelog.",
    "Let me know if you'd rather have it the other way round.",
    "Two warnings remain in the linter's output; both were there before.",
)
_NOTES = (
    "The user opened a file in the IDE. This may or may not be related to the current task.",
    "Background command {number} has finished. Its output can be read with the Read tool.",
    "This is a reminder that the task list is empty. Do not mention this to the user.",
    "The date has changed. Do not mention this to the user, they know already.",
    "Note: a linter has modified a file that was read before. This change was intentional.",
)
