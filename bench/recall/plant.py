"""Something in a session that is asked for later."""

import json
from random import Random
from typing import Any, NamedTuple

from recall.dialogue import Dialogue, DialogueWriter
from recall.source_tree import SourceTree
from recall.words import Words


class Plant(NamedTuple):
    """The `scenes` in which something is said or done, in order, and what is asked much later.

    `fork` are the turns at the end of the session; its last message asks. The model can answer if
    all `answers` are in its prompt. `is_last`: nothing else that is asked for comes after it.
    """

    kind: str
    scenes: tuple[Dialogue, ...]
    fork: Dialogue
    answers: tuple[str, ...]
    is_last: bool = False


class Material(NamedTuple):
    """What a session is made of."""

    random: Random
    words: Words
    tree: SourceTree
    writer: DialogueWriter


def ask(material: Material, question: str) -> Dialogue:
    """Return a fork that is just a question."""
    material.writer.user(question)
    return material.writer.end()


def is_in(text: str, answer: str) -> bool:
    """Return whether an answer is in a text, plainly or as a string in the JSON of a call."""
    if answer in text:
        return True
    encoded = json.dumps(answer, ensure_ascii=False)[1:-1]
    for sign in "<>&":
        encoded = encoded.replace(sign, f"\\u{ord(sign):04x}")
    return encoded in text or json.dumps(answer, ensure_ascii=False)[1:-1] in text


def message_text(message: dict[str, Any]) -> str:
    """Return all text of a message, calls and results included."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part for block in content for part in _block_texts(block))


def _block_texts(block: dict[str, Any]) -> list[str]:
    if block["type"] == "tool_use":
        return [block["name"], *map(str, block["input"].values())]
    key = {"tool_result": "content"}.get(block["type"], block["type"])
    return [str(block[key])]
