"""What of a long conversation a model is shown: what fits, and what matters now.

Each conversation has a boundary, behind which its turns stay, and the passages that were loaded,
each at the message where it was: both are kept, so that every later prompt begins as the one
before, also after a restart. A conversation whose beginning has changed (rewound, compacted)
starts anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct, field

from ollama_claude_proxy.sessions.fitting import (
    Message,
    digest,
    digest_tokens,
    fit,
    opening_of,
)
from ollama_claude_proxy.sessions.retrieval import Passages, shown
from ollama_claude_proxy.sessions.store import Store
from ollama_claude_proxy.wire.events import encode_json

_KIND = "boundary"
# An eighth of the window for what is found again, at about four characters a token.
_SHARE = 8
_CHARACTERS = 4
_MOST_CONVERSATIONS = 16
# How results begin where ocp shows the tools as text.
_RESULTS = ("<tool_response>", "[result of ")

Tokens = Callable[[Sequence[Message]], int]


class _Kept(Struct):
    boundary: int = 0
    left: str = ""
    digest: str = ""
    loaded: dict[int, str] = field(default_factory=dict)


class Remembered(Struct, frozen=True):
    """The messages to send; how many were `left` out, and how many passages are `loaded`."""

    messages: Sequence[Message]
    left: int = 0
    loaded: int = 0


class Memory:
    """Fits conversations into windows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = {
            key: msgspec.json.decode(value, type=_Kept) for key, value in store.facts(_KIND).items()
        }
        self._passages: OrderedDict[str, Passages] = OrderedDict()

    def fitted(
        self,
        conversation: str,
        messages: Sequence[Message],
        tokens: Tokens,
        *,
        budget: int,
        window: int,
    ) -> Remembered | None:
        """Give what is shown of a conversation within `budget` tokens; `window` has them all.

        None where not even what must stay fits.
        """
        kept = self._known(conversation, messages)
        sizes = [tokens([message]) for message in messages]
        if kept.boundary == 0 and sum(sizes) <= budget:
            return Remembered(messages)
        share = window // _SHARE
        for at, text in kept.loaded.items():
            if at < len(sizes):
                sizes[at] += tokens([{"role": "user", "content": text}])
        fitted = fit(messages, sizes, budget - share, kept.boundary)
        if fitted is None:
            return None
        opening = opening_of(messages)
        moved = fitted.boundary != kept.boundary
        if moved:
            kept.boundary, kept.left = fitted.boundary, _hash(fitted.left)
            kept.digest = digest(fitted.left, digest_tokens(budget - share))
        stays = opening + kept.boundary
        kept.loaded = {at: text for at, text in kept.loaded.items() if at >= stays}
        if moved or _asks(messages[-1]):
            self._load(conversation, kept, messages, fitted.left, share * _CHARACTERS)
        _append(fitted.messages[opening - 1], kept.digest)
        for at, text in kept.loaded.items():
            if at < len(messages):
                _append(fitted.messages[at - kept.boundary], text)
        self._keep(conversation, kept)
        return Remembered(fitted.messages, fitted.boundary, len(kept.loaded))

    def _known(self, conversation: str, messages: Sequence[Message]) -> _Kept:
        kept = self._kept.get(conversation) or _Kept()
        opening = opening_of(messages)
        left = messages[opening : opening + kept.boundary]
        if kept.boundary and (len(left) < kept.boundary or _hash(left) != kept.left):
            self._passages.pop(conversation, None)
            kept = _Kept()
        return kept

    def _load(
        self,
        conversation: str,
        kept: _Kept,
        messages: Sequence[Message],
        left: Sequence[Message],
        most: int,
    ) -> None:
        """Find what the newest message needs, once."""
        last = len(messages) - 1
        if last in kept.loaded or not left or messages[last]["role"] == "assistant":
            return
        found = self._index(conversation, messages, left).find(_request(messages), most)
        if found:
            kept.loaded[last] = shown(found)

    def _index(
        self, conversation: str, messages: Sequence[Message], left: Sequence[Message]
    ) -> Passages:
        passages = self._passages.pop(conversation, None) or Passages()
        if passages.count > len(left):
            passages = Passages()
        begin = opening_of(messages)
        passages.add(left[passages.count :], begin + passages.count)
        self._passages[conversation] = passages
        while len(self._passages) > _MOST_CONVERSATIONS:
            self._passages.popitem(last=False)
        return passages

    def _keep(self, conversation: str, kept: _Kept) -> None:
        self._kept[conversation] = kept
        self._store.keep_fact(_KIND, conversation, encode_json(kept).decode())


def _append(message: Message, text: str) -> None:
    if text:
        message["content"] = f"{message['content']}\n\n{text}"


def _asks(message: Message) -> bool:
    """Whether a message is the user's own, and not the result of a call."""
    content = str(message["content"]).lstrip()
    return message["role"] == "user" and not content.startswith(_RESULTS)


def _request(messages: Sequence[Message]) -> str:
    """Give the user's newest words, and in a tool loop what the model did last."""
    own = next((one for one in reversed(messages) if _asks(one)), messages[-1])
    words = str(own["content"])[-2000:]
    if own is not messages[-1] and messages[-2]["role"] == "assistant":
        words += "\n" + str(messages[-2]["content"])[-500:]
    return words


def _hash(messages: Sequence[Any]) -> str:
    return sha256(encode_json(list(messages))).hexdigest()[:16]
