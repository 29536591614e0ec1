"""What of a long conversation a model is shown: what fits, and what matters now.

A conversation is cut somewhere, and behind the cut passages were loaded, each at the message where
it was wanted. Both are kept, so that every later prompt begins as the one before, also after a
restart. A conversation whose beginning has changed (rewound, compacted) is cut anew.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ollama_claude_proxy.sessions.cut import Cut, Sizes, opening_of, step, tightened
from ollama_claude_proxy.sessions.digest import digest, digest_tokens, found_tools
from ollama_claude_proxy.sessions.message_chain import Entry, blocks_of, chain, text_of
from ollama_claude_proxy.sessions.storage.archive import Archive, Whose
from ollama_claude_proxy.sessions.storage.retrieval import Retrieval, shown
from ollama_claude_proxy.sessions.storage.vectors import Query
from ollama_claude_proxy.sessions.truncate import SHORT, shortened
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.reminder import REMINDER

# An eighth of the window for what is found again, at about four characters a token.
_SHARE = 8
_CHARACTERS = 4
# How much of the user's words, and of the model's last turn, is asked for.
_ASKED, _DONE = 2000, 500

Tokens = Callable[[str], int]


class State(Struct):
    """How a conversation is fitted: the cut, and the `mark` of the messages it was made for.

    `tools` were found in what left, `loaded` are texts by the hash of the message they stand at.
    `summary` is what the model wrote of the messages before number `summarised`, if it was asked.
    """

    cut: Cut = Cut()
    mark: str = ""
    digest: str = ""
    tools: list[str] = field(default_factory=list)
    summary: str = ""
    summarised: int = 0
    loaded: dict[str, str] = field(default_factory=dict)


def read_state(kept: bytes) -> State:
    """Read a state; what cannot be read counts as none."""
    try:
        return msgspec.json.decode(kept, type=State)
    except msgspec.DecodeError:
        return State()


class Fitted(Struct, frozen=True):
    """How many messages were `left` out, results `shortened`, and texts `loaded`."""

    left: int
    shortened: int
    loaded: int


class Conversation:
    """A conversation as the client sent it, and what of it is shown.

    `changed` tells that it is fitted in another way than was kept.
    """

    def __init__(
        self, archive: Archive, retrieval: Retrieval, whose: Whose, messages: Sequence[Message]
    ) -> None:
        self.whose = whose
        self._messages = messages
        self._archive = archive
        self._retrieval = retrieval
        self._as_kept = archive.boundary(whose.key, whose.model)
        self._state = self._known(self._as_kept)
        self._moved = False
        self.changed = False

    @cached_property
    def entries(self) -> list[Entry]:
        """The messages as a chain: made when it is needed, for a long one takes a millisecond."""
        return chain(self._messages)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The numbers of the passages that were kept of it."""
        scope = self._retrieval.scope(self.whose.key, project=False)
        return [] if scope is None else list(scope.ranges)

    @property
    def fitted(self) -> Fitted | None:
        """What was done so that it fits; None where nothing was."""
        cut, loaded = self._state.cut, len(self._loaded())
        if cut == Cut() and not loaded:
            return None
        opening = opening_of(self._messages)
        behind = self._messages[max(cut.left, opening) :]
        pairs = zip(behind, self._behind(), strict=True)
        changed = sum(one.content is not other.content for one, other in pairs)
        return Fitted(max(cut.left - opening, 0), changed, loaded)

    @property
    def request(self) -> str:
        """What is asked for: the user's newest words, and in a tool loop what the model did."""
        own = next((one for one in reversed(self._messages) if _asks(one)), self._messages[-1])
        words = _words(own)[-_ASKED:]
        if own is not self._messages[-1]:
            done = next((one for one in reversed(self._messages) if one.role == "assistant"), own)
            words += "\n" + "\n".join(map(text_of, blocks_of(done)))[-_DONE:]
        return words

    def shown(self) -> list[Message]:
        """Give the messages that the model is shown."""
        opening = opening_of(self._messages)
        head = list(self._messages[:opening])
        start = max(self._state.cut.left, opening)
        if self._state.digest and start > opening:
            tools = [{"type": "tool_reference", "tool_name": name} for name in self._state.tools]
            head[0] = _with(head[0], {"type": "text", "text": self._state.digest}, *tools)
        behind = self._behind()
        for at, text in self._loaded().items():
            block = {"type": "text", "text": text}
            if at >= start:
                behind[at - start] = _with(behind[at - start], block)
            elif at < opening:
                head[at] = _with(head[at], block)
        return head + behind

    def step(self, tokens: Tokens, total: int, budget: int) -> bool:
        """Cut so much that over half of a budget is free; False where nothing more can go.

        `tokens` counts a text; `total` is what the prompt has now.
        """
        now = sum(tokens(_all(message)) for message in self.shown())
        whole = [tokens(_all(message)) for message in self._messages]
        short = [
            size if size * 2 < SHORT // _CHARACTERS else tokens(_all(shortened(message)))
            for size, message in zip(whole, self._messages, strict=True)
        ]
        sizes = Sizes(whole, short, max(total - now, 0), digest_tokens(budget))
        cut = step(self._messages, sizes, budget, self._state.cut)
        if cut is None or cut == self._state.cut:
            tight = self._state.cut.tight // 2 or budget
            cut = tightened(self._messages, tight, self._state.cut)
            if cut == self._state.cut:
                return False
        self._cut(cut, digest_tokens(budget))
        return True

    def looks(self, *, project: bool) -> bool:
        """Whether the newest message may need what is not shown, and nobody looked for it yet."""
        last = self._messages[-1]
        hidden = project or self._state.cut != Cut()
        wants = last.role != "assistant" and (self._moved or _asks(last))
        return hidden and wants and f"{self.entries[-1].hash:x}" not in self._state.loaded

    def load(self, window: int, *, project: bool = False, query: Query | None = None) -> None:
        """Find what the newest message needs of what is not shown, once; `window` in tokens."""
        if not self.looks(project=project):
            return
        scope = self._retrieval.scope(self.whose.key, project=project)
        if scope is None:
            return
        prompt = "\n".join(map(_all, self.shown()))
        most = window // _SHARE * _CHARACTERS // (1 if _asks(self._messages[-1]) else 2)
        found = self._retrieval.find(self.request, scope, prompt, most, query)
        if found:
            self._state.loaded[f"{self.entries[-1].hash:x}"] = shown(found)
            self.changed = True

    @property
    def summary(self) -> str:
        """What the model wrote of what left; empty where it was not asked."""
        return self._state.summary

    @property
    def unsummarised(self) -> str:
        """The text of what left and is in no summary yet."""
        begin = max(opening_of(self._messages), self._state.summarised)
        left = self._messages[begin : self._state.cut.left]
        return "\n\n".join(f"{one.role}: {_all(shortened(one))}" for one in left)

    def sum_up(self, summary: str) -> None:
        """Keep a summary of all that left, unless the conversation went on meanwhile.

        It is shown from the next step on.
        """
        if self._archive.boundary(self.whose.key, self.whose.model) != self._as_kept:
            return
        self._state.summary, self._state.summarised = summary, self._state.cut.left
        self.changed = True
        self.keep()

    def keep(self) -> None:
        """Keep how it was fitted."""
        if self.changed:
            here = {f"{entry.hash:x}" for entry in self.entries}
            loaded = {at: text for at, text in self._state.loaded.items() if at in here}
            self._state.loaded = loaded
            self._as_kept = msgspec.json.encode(self._state)
            self._archive.keep_boundary(self.whose.key, self.whose.model, self._as_kept)

    def _known(self, kept: bytes | None) -> State:
        state = read_state(kept) if kept is not None else State()
        return state if state.mark == self._mark(state.cut) else State()

    def _mark(self, cut: Cut) -> str | None:
        """Name the messages that a cut depends on; None where there are not so many."""
        if cut.mark > len(self._messages):
            return None
        return f"{self.entries[cut.mark - 1].hash:x}" if cut.mark else ""

    def _cut(self, cut: Cut, tokens: int) -> None:
        opening = opening_of(self._messages)
        left = self._messages[max(opening, self._state.summarised) : cut.left]
        self._state.cut = cut
        self._state.mark = self._mark(cut) or ""
        summary = self._state.summary
        self._state.digest = digest(left, tokens, summary) if left or summary else ""
        self._state.tools = found_tools(self._messages[opening : cut.left])
        self._moved = self.changed = True
        self._state.loaded.pop(f"{self.entries[-1].hash:x}", None)  # more left: look again

    def _behind(self) -> list[Message]:
        cut, opening = self._state.cut, opening_of(self._messages)
        start = max(cut.left, opening)
        behind = list(self._messages[start:])
        for at, message in enumerate(behind, start):
            if at < cut.short:
                behind[at - start] = shortened(message)
            elif cut.tight:
                behind[at - start] = shortened(message, cut.tight)
        return behind

    def _loaded(self) -> dict[int, str]:
        """Give what was loaded, by the place of its message; what left took its passages along."""
        if not self._state.loaded:
            return {}
        opening = opening_of(self._messages)
        return {
            at: self._state.loaded[name]
            for at, entry in enumerate(self.entries)
            if (name := f"{entry.hash:x}") in self._state.loaded
            and (at < opening or at >= self._state.cut.left)
        }


def _with(message: Message, *blocks: dict[str, Any]) -> Message:
    return replace(message, content=[*blocks_of(message), *blocks])


def _all(message: Message) -> str:
    return "\n".join(map(text_of, blocks_of(message)))


def _words(message: Message) -> str:
    texts = (text_of(one) for one in blocks_of(message) if one.get("type") == "text")
    return "\n".join(text for text in texts if not text.lstrip().startswith(REMINDER))


def _asks(message: Message) -> bool:
    """Whether a message is the user's own, and not the result of a call."""
    results = any(block.get("type") == "tool_result" for block in blocks_of(message))
    return message.role == "user" and not results
