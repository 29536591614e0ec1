"""Two simple ways to fill the same room: the last turns that fit, and plain BM25 over turns."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nlargest
from math import log

from recall.dialogue import Dialogue, Message
from recall.plant import message_text

_WORD = re.compile(r"[^\W_]+")
_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75


def last_turns(turns: Sequence[str], asked: str, room: int) -> str:
    """Return the last turns that fit into a room of so many characters, and what is asked."""
    kept = [asked]
    room -= len(asked)
    for turn in reversed(turns):
        room -= len(turn)
        if room < 0:
            break
        kept.append(turn)
    return "\n".join(reversed(kept))


class Bm25:
    """An index of turns."""

    def __init__(self, turns: Sequence[str]) -> None:
        self._turns = turns
        self._counts = [Counter(_words(turn)) for turn in turns]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean_length = sum(self._lengths) / max(len(turns), 1)
        self._turns_with = Counter(word for counts in self._counts for word in counts)

    def fill(self, query: str, asked: str, room: int) -> str:
        """Return the best turns that fit into a room, and what is asked."""
        words = set(_words(query))
        scores = [self._score(words, number) for number in range(len(self._turns))]
        room -= len(asked)
        kept = [asked]
        for number in nlargest(200, range(len(self._turns)), key=scores.__getitem__):
            if scores[number] > 0 and len(self._turns[number]) <= room:
                room -= len(self._turns[number])
                kept.append(self._turns[number])
        return "\n".join(kept)

    def _score(self, words: set[str], number: int) -> float:
        counts, total = self._counts[number], len(self._turns)
        length = self._lengths[number] / self._mean_length
        norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length)
        score = 0.0
        for word in sorted(words & counts.keys()):
            having = self._turns_with[word]
            rarity = log(1 + (total - having + 0.5) / (having + 0.5))
            score += rarity * counts[word] * (_SATURATION + 1) / (counts[word] + norm)
        return score


def split_turns(messages: Dialogue) -> list[str]:
    """Return the texts of all turns: a call goes with its result."""
    turns: list[str] = []
    for message in messages:
        text = message_text(message)
        if _has_results(message) and turns:
            turns[-1] += f"\n{text}"
        else:
            turns.append(text)
    return turns


def newest_words(fork: Dialogue) -> str:
    """Return what the user said at last, or in a tool loop the model."""
    is_loop = _has_results(fork[-1])
    role = "assistant" if is_loop else "user"
    newest = next(message for message in reversed(fork) if message["role"] == role)
    return "\n".join(_plain_texts(newest))


def _plain_texts(message: Message) -> Iterator[str]:
    for block in message["content"]:
        if block["type"] == "text" and not block["text"].startswith("<system-reminder>"):
            yield block["text"]


def _has_results(message: Message) -> bool:
    return any(block["type"] == "tool_result" for block in message["content"])


def _words(text: str) -> Iterator[str]:
    return (match.group().lower() for match in _WORD.finditer(text))
