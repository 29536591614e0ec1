"""Where the calls that a marker opened end, found piece by piece.

An extent is fed what follows its opener and gives a verdict after each piece. Where a closing tag
comes, or the last bracket closes, what is there is read as calls. It may be that the tag was part
of a value (a file's content may hold any tag): then what is there is unfinished and the extent goes
on. Each reading costs as much as it is long, so the longer the extent, the fewer are tried.
"""

import re
from typing import Literal

from ollama_claude_proxy.translate.tools.reading.brackets import Brackets
from ollama_claude_proxy.translate.tools.reading.call_body import Body, calls_of
from ollama_claude_proxy.translate.tools.reading.found_call import CALL_KEYS
from ollama_claude_proxy.translate.tools.reading.markup import Markup

Verdict = Literal["open", "failed", "ended"]

# The first characters of a body tell whether it is one; a little more than the longest name.
_HEAD = 160
# A model that is stuck in a call must not fill the memory.
_MOST_CHARACTERS = 8_000_000
# Below this reading is quick enough to be tried at every closing tag.
_SHORT = 16_384

_NAMED = re.compile(r"(?:call:\s*)?[\w.:\-/]+ {0,3}(?:[\n<({\[｜`=\r]|$)")
_WORD = re.compile(r"[\w.\-]*")
_ACTION = re.compile(
    r"Action:[ \t]*(?:`{0,3}|```\w*\s*(?:[\[{].*)?|"
    r"`?[\w.\-/]+`?[ \t\r]*(?:\n\s*(?P<input>[A-Za-z: ]*)(?:```\w*\s*)?(?:\{.*)?)?)",
    re.DOTALL,
)
# What follows the channel of a call; any other is text.
_TO = ("to=", "<|")
_FIRST_KEY = re.compile(r"[\[\s]*(?:\{\s*(?:[\"']?(?P<key>\w*)[\"']?\s*(?P<closed>:)?)?)?")
_SECOND_KEY = re.compile(r'[\[\s]*\{\s*"\w+"\s*:\s*"[^"\\]*"\s*,\s*"(?P<key>[^"]+)"\s*:')

# Second keys of the commonest documents that begin with a name.
_DOCUMENT_KEYS = frozenset({"version", "email", "age", "title", "value", "url", "description"})


class Extent:
    """Calls in a wrapper; `body` is what they were read as."""

    def __init__(self, markup: Markup) -> None:
        self.body = Body()
        self.end = 0
        self._markup = markup
        self._pieces = [markup.opener] if markup.inside else []
        self._lead = len(markup.opener) if markup.inside else 0
        self._size = self._lead
        self._carry = ""
        self._next_try = 0
        self._candidate: tuple[Body, int] | None = None
        longest = max(map(len, markup.closers), default=1)
        self._reach = longest - 1

    def feed(self, piece: str) -> Verdict:
        """Read on; once it has ended, `end` says where, in characters after the opener."""
        self._pieces.append(piece)
        before, self._size = self._size, self._size + len(piece)
        if before < _HEAD and not self.viable("".join(self._pieces)[:_HEAD]):
            return "failed"
        if self._size > _MOST_CHARACTERS:
            return "failed"
        window = self._carry + piece
        self._carry = window[max(len(window) - self._reach, 0) :]
        origin = self._size - len(window)
        for end in self._ends(window):
            verdict = self._try(origin + end)
            if verdict != "open":
                return verdict
        return "open"

    def flush(self) -> Verdict:
        """Give the verdict when nothing follows: what was left open ends here."""
        text = "".join(self._pieces)
        self.body = calls_of(text, last=True)
        self.end = self.body.end - self._lead
        if self._candidate is not None and (self.body.ragged or not self.body.calls):
            self.body, self.end = self._candidate
        return "ended" if self.body.calls else "failed"

    def viable(self, head: str) -> bool:
        """Whether a body may begin like this."""
        opener = self._markup.opener
        if opener == "Action:":
            action = _ACTION.fullmatch(head)
            return action is not None and _begins("Action Input:", action["input"])
        if opener.endswith("commentary"):
            rest = head[len(opener) :].lstrip()
            return rest.startswith(_TO) or any(word.startswith(rest) for word in _TO)
        if self._markup.inside:
            line = head[len(opener) :].partition(">")[0]
            return opener.endswith("[") or "\n" not in line
        body = head.lstrip()
        return not body or body[0] in "{[<`" or _NAMED.match(body) is not None

    def _ends(self, window: str) -> list[int]:
        """Where closing tags end that end in this piece."""
        ends: list[int] = []
        for closer in self._markup.closers:
            at = window.find(closer)
            while at >= 0:
                ends.append(at + len(closer))
                at = window.find(closer, at + 1)
        return sorted(ends)

    def _try(self, end: int) -> Verdict:
        if end < self._next_try:
            return "open"
        text = "".join(self._pieces)
        self._pieces = [text]
        closer = next(one for one in self._markup.closers if text.endswith(one, 0, end))
        body = calls_of(text[: end if self._markup.inside else end - len(closer)])
        self._next_try = 0 if end < _SHORT else end + end // 8
        if body.calls and not body.ragged:
            self.body, self.end = body, end - self._lead
            return "ended"
        if body.calls and self._candidate is None:
            self._candidate = body, end - self._lead
        return "open" if body.calls or body.unfinished else "failed"


class BareExtent:
    """JSON, or Python's list of calls, that stands in the text as it is.

    `names` are those of the tools, in small letters: a list of calls of other functions is code.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self.body = Body()
        self.end = 0
        self._names = names
        self._pieces: list[str] = []
        self._size = 0
        self._brackets = Brackets()
        self._behind: str | None = None

    def feed(self, piece: str) -> Verdict:
        """Read on; once it has ended, `end` says where, in characters from the first bracket."""
        if self._behind is not None:
            self._behind += piece
            return self._look_behind()
        self._pieces.append(piece)
        before, self._size = self._size, self._size + len(piece)
        if self._size > _MOST_CHARACTERS:
            return "failed"
        if before < _HEAD and not self.viable("".join(self._pieces)[:_HEAD]):
            return "failed"
        end = self._brackets.feed(piece)
        if end is None:
            return "open"
        text = "".join(self._pieces)
        self.end = before + end
        self.body = calls_of(text[: self.end])
        if not self.body.calls:
            return "failed"
        self._behind = text[self.end :]
        return self._look_behind()

    def flush(self) -> Verdict:
        """Give the verdict when nothing follows; a last bracket may be missing."""
        if self._behind is None and self._size:
            self.body = calls_of("".join(self._pieces), last=True)
            self.end = self.body.end
        return "ended" if self.body.calls else "failed"

    def viable(self, head: str) -> bool:
        """Whether calls may begin like this: with one of the keys of a call, or a tool's name."""
        if head[0] == "[" and head[1:].lstrip()[:1] not in {"", "{"}:
            return self._names_tool(head[1:].lstrip())
        first = _FIRST_KEY.match(head)
        if first is None:
            return False
        key = first["key"] or ""
        if first["closed"] is None:
            whole = first.end() == len(head)
            return whole and any(one.startswith(key) for one in CALL_KEYS)
        second = _SECOND_KEY.match(head)
        return key in CALL_KEYS and (second is None or second["key"] not in _DOCUMENT_KEYS)

    def _names_tool(self, head: str) -> bool:
        """Whether a list begins with a call of a tool, or may do so with more text."""
        word = _WORD.match(head)
        name = word[0].lower() if word else ""
        if len(name) == len(head):
            return any(one.startswith(name) for one in self._names)
        return head[len(name)] == "(" and name in self._names

    def _look_behind(self) -> Verdict:
        """Prose that goes on right behind the bracket quotes what it shows."""
        behind = (self._behind or "").lstrip(" \t")
        if not behind:
            return "open"
        if behind[0] in "`\"')]},:=" or behind[0].islower():
            self.body = Body()
            return "failed"
        return "ended"


def _begins(whole: str, part: str | None) -> bool:
    return whole.startswith((part or "").strip())
