"""What left a prompt and matters now: passages found again, by words.

SQLite's FTS5 ranks them (BM25) for the newest request. Code has its own words: `readConfigFile` and
`read_config_file` are found by each of their parts. Of passages that say the same the newest wins.
"""

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

_PASSAGE = 1200
_MOST_TERMS = 48
_MOST_FOUND = 40
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d[\d.:]*\d|\d+|[^\W\d_]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "on",
        "or",
        "our",
        "please",
        "should",
        "so",
        "tell",
        "that",
        "the",
        "their",
        "then",
        "there",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "again",
        "earlier",
        "before",
    ]
)


class Passage(Struct, frozen=True):
    """A piece of a message that left; `turn` is the message's place in the conversation."""

    turn: int
    text: str


class Passages:
    """An index of what left one conversation, in memory."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(words, text UNINDEXED, turn UNINDEXED)"
        )
        self.count = 0

    def add(self, messages: Sequence[dict[str, Any]], begin: int) -> None:
        """Index further messages, of which the first is number `begin` of the conversation."""
        for at, message in enumerate(messages, begin):
            calls = "".join(str(call["function"]) for call in message.get("tool_calls", ()))
            for text in _pieces(f"{message['content']}\n{calls}".strip()):
                self._database.execute(
                    "INSERT INTO passages VALUES (?, ?, ?)", (" ".join(terms(text)), text, at)
                )
        self.count += len(messages)

    def find(self, request: str, most_characters: int) -> list[Passage]:
        """Give the passages that a request needs most, in the order of the conversation."""
        wanted = [term for term in dict.fromkeys(terms(request)) if term not in _COMMON]
        if not wanted:
            return []
        query = " OR ".join(f'"{term}"' for term in wanted[-_MOST_TERMS:])
        rows = self._database.execute(
            "SELECT text, turn FROM passages WHERE passages MATCH ?"
            " ORDER BY bm25(passages), turn DESC LIMIT ?",
            (query, _MOST_FOUND),
        ).fetchall()
        found: dict[str, Passage] = {}
        size = 0
        for text, turn in rows:
            if text not in found and size + len(text) <= most_characters:
                found[text] = Passage(int(turn), str(text))
                size += len(text)
        return sorted(found.values(), key=lambda passage: passage.turn)


def terms(text: str) -> list[str]:
    """Give the words of a text in small letters, and the parts of those that are put together."""
    found: list[str] = []
    for word in _WORDS.findall(text):
        found.append(word.lower())
        parts = _PARTS.findall(word)
        if len(parts) > 1:
            found += [part.lower() for part in parts]
    return found


def shown(passages: Sequence[Passage]) -> str:
    """Give passages as a reminder for the model."""
    parts = [f"(message {passage.turn})\n{passage.text}" for passage in passages]
    body = "\n\n".join(("From earlier in this conversation:", *parts))
    return f"<system-reminder>\n{body}\n</system-reminder>"


def _pieces(text: str) -> list[str]:
    """Cut a text at line breaks into pieces of about one size."""
    pieces: list[str] = []
    piece = ""
    for line in text.splitlines(keepends=True):
        while len(line) > _PASSAGE:
            pieces.append(line[:_PASSAGE])
            line = line[_PASSAGE:]  # noqa: PLW2901  # one line that is longer than a passage
        if len(piece) + len(line) > _PASSAGE:
            pieces.append(piece)
            piece = ""
        piece += line
    return [one.strip() for one in (*pieces, piece) if one.strip()]
