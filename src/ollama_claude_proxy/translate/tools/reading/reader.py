"""Reads calls out of text while it streams.

Text flows on; only what may begin a marker is held back, and from a marker on what may be calls,
until they are whole or prove to be none. What is none comes out as the text it was, complete and in
order. Ordinary prose costs one search a piece.

Nothing inside a fence that shows code is looked at. A fence of JSON, and JSON as it stands in the
text, are calls only if `prose` allows it and `resolve` knows the tools.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tools.call import Call
from ollama_claude_proxy.translate.tools.reading.extents import BareExtent, Extent, Verdict
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.markup import (
    CALL_FENCES,
    MARKUPS,
    STRAY_CLOSERS,
    Markup,
)
from ollama_claude_proxy.translate.tools.reading.prose import Prose


class Calls(Struct, frozen=True):
    """Calls that were read (or text, where such a tool is not there), and how they were written."""

    calls: Sequence[Call | str]
    raw: str


Piece = str | Calls
# Gives the calls of offered tools, or None where what was found is text; `plain` is JSON without
# markup, which may as well be a document.
Resolve = Callable[[Sequence[FoundCall], bool], Sequence[Call | str] | None]

_TRIGGER = re.compile(r"[<{\[`]|\n[ \t]*(?=[Af]|\Z)")
_NAME_SPACES = ("default_api.", "functions.", "tools.")
_TICKS = re.compile(r"`+")
_FENCE_LINE = re.compile(r"(?P<ticks>`{3,})[ \t]*(?P<info>[^`\n]*)(?P<end>\n|\Z)")
_LONGEST_FENCE_LINE = 80
_LINE_OPENERS = tuple(markup for markup in MARKUPS if markup.line)
_OPENERS = {
    sign: sorted(
        (one for one in MARKUPS if one.opener[0] == sign and not one.line),
        key=lambda one: len(one.opener),
        reverse=True,
    )
    for sign in "<["
}
# A text of nothing but false markers must not be read again from each of them.
_MOST_READ_AGAIN = 16_000_000


class CallReader:
    """Splits text into text and calls; `names` are those of the offered tools."""

    def __init__(self, names: Iterable[str], resolve: Resolve) -> None:
        self._names = frozenset(
            f"{space}{name.lower()}" for name in names for space in ("", *_NAME_SPACES)
        )
        self._resolve = resolve
        self._prose = Prose()
        self._held = ""
        self._watching = True
        self._behind_calls = False
        self._extent: Extent | BareExtent | None = None
        self._opener = ""
        self._fenced = False
        self._pieces: list[str] = []
        self._read_again = 0

    @property
    def holding(self) -> bool:
        """Whether what may be a call is being held back."""
        return self._extent is not None or bool(self._held)

    def feed(self, piece: str) -> list[Piece]:
        """Read on; give what may be passed on."""
        if self._extent is None:
            if not self._watching and _TRIGGER.search(piece) is None:
                self._prose.add(piece)
                return [piece]
            piece, self._held = self._held + piece, ""
        return self._read(piece, last=False)

    def flush(self, *, cut: bool = False) -> list[Piece]:
        """Give what was held back at the end of the text; where it was `cut` off, as text."""
        text, self._held = self._held, ""
        if cut:
            begun = self._opener if self._extent is not None else ""
            text = begun + "".join(self._pieces) + text
            self._pieces, self._extent = [], None
            return [text] if text else []
        return self._read(text, last=True)

    def _read(self, text: str, *, last: bool) -> list[Piece]:
        out: list[Piece] = []
        while text or (last and self._extent is not None):
            if self._extent is None:
                text = self._without_stray(text, last=last) if self._behind_calls else text
                text = self._scan(text, out, last=last)
            if self._extent is not None:
                text = self._follow(self._extent, text, out, last=last)
        return out

    def _follow(
        self, extent: Extent | BareExtent, text: str, out: list[Piece], *, last: bool
    ) -> str:
        """Feed the extent; give the text behind it, if it is over."""
        self._pieces.append(text)
        verdict: Verdict = extent.feed(text) if text else "open"
        if verdict == "open" and last:
            verdict = extent.flush()
        if verdict == "open":
            return ""
        whole, self._pieces, self._extent = "".join(self._pieces), [], None
        calls = self._resolve(extent.body.calls, self._plain) if verdict == "ended" else None
        if calls is None:
            return self._as_text(whole, out)
        out.append(Calls(calls, self._opener + whole[: extent.end]))
        self._prose.add("\n")
        self._watching = self._behind_calls = True
        return whole[extent.end :]

    def _without_stray(self, text: str, *, last: bool) -> str:
        """Drop a closing tag behind calls whose opening tag the model forgot; wait for it, too."""
        tag = text.lstrip()
        for closer in STRAY_CLOSERS:
            if tag.startswith(closer):
                return tag[len(closer) :]
        if not last and any(closer.startswith(tag) for closer in STRAY_CLOSERS):
            self._held, self._watching = text, True
            return ""
        self._behind_calls = False
        return text

    @property
    def _plain(self) -> bool:
        return self._fenced or not self._opener

    def _as_text(self, whole: str, out: list[Piece]) -> str:
        """Pass on the opener of what was no call; what stands behind it may still hold one."""
        self._read_again += len(whole)
        passed = self._opener
        if self._fenced:
            self._prose.fence = "`" * (len(passed) - len(passed.lstrip("`")))
        elif not passed:
            self._prose.bracket()
            passed, whole = whole[:1], whole[1:]
        if self._read_again > _MOST_READ_AGAIN:
            passed, whole = passed + whole, ""
        self._pass(passed, out)
        return whole

    def _pass(self, text: str, out: list[Piece]) -> None:
        if text:
            self._prose.add(text)
            out.append(text)

    def _scan(self, text: str, out: list[Piece], *, last: bool) -> str:
        """Pass text on up to an opener; give what stands behind that."""
        at = 0
        while (found := self._next(text, at)) is not None:
            self._pass(text[at:found], out)
            at = found
            begun = self._begin(text, at, last=last)
            if self._extent is not None:
                return text[at + begun :]
            if begun == 0:
                self._held, self._watching = text[at:], True
                return ""
            self._pass(text[at : at + begun], out)
            at += begun
        self._pass(text[at:], out)
        self._watching = self._prose.begins_line and not self._prose.fence
        return ""

    def _next(self, text: str, at: int) -> int | None:
        """Give the next place that matters."""
        if self._prose.fence:
            tick = text.find("`", at)
            return None if tick < 0 else tick
        if self._prose.begins_line and text[at : at + 1] in {"A", "f"}:
            return at
        found = _TRIGGER.search(text, at)
        if found is None:
            return None
        return found.start() if found[0][0] != "\n" else self._line(text, found)

    def _line(self, text: str, found: re.Match[str]) -> int | None:
        """Give the first place on a new line, or the next that matters behind it."""
        return found.end() if found.end() < len(text) else None

    def _begin(self, text: str, at: int, *, last: bool) -> int:
        """Begin an extent, or pass; give how many characters that takes, 0 to wait for more."""
        sign = text[at]
        if sign == "`":
            return self._backticks(text, at, last=last)
        if sign in "Af":
            return self._line_opener(text, at, last=last)
        if sign in _OPENERS:
            taken = self._opened(text, at, _OPENERS[sign], last=last)
            if taken is not None:
                return taken
        return self._bare(text, at) if sign in "{[" else 1

    def _opened(self, text: str, at: int, markups: Iterable[Markup], *, last: bool) -> int | None:
        """Begin at one of these openers; 0 where one may be beginning, None where none is."""
        for markup in markups:
            if text.startswith(markup.opener, at) and not self._prose.quotes:
                return self._start(Extent(markup), markup.opener)
        rest = text[at : at + 64]
        waiting = not last and any(one.opener.startswith(rest) for one in markups)
        return 0 if waiting else None

    def _line_opener(self, text: str, at: int, *, last: bool) -> int:
        if not self._prose.begins_line:
            return 1
        taken = self._opened(text, at, _LINE_OPENERS, last=last)
        return 1 if taken is None else taken

    def _bare(self, text: str, at: int) -> int:
        if self._prose.allows_bare and not self._prose.announces_example:
            extent = BareExtent(self._names)
            if extent.viable(text[at : at + 160]):
                return self._start(extent, "")
        self._prose.bracket()
        return 1

    def _backticks(self, text: str, at: int, *, last: bool) -> int:
        run = _TICKS.match(text, at)
        ticks = run[0] if run else "`"
        fence = len(ticks) >= 3 and self._prose.begins_line
        line = _FENCE_LINE.match(text, at)
        waiting = at + len(ticks) == len(text) or (fence and line is not None and not line["end"])
        if waiting and not last and len(text) - at < _LONGEST_FENCE_LINE:
            return 0
        if not fence or line is None:
            if not self._prose.fence:
                self._prose.ticks(len(ticks))
            return len(ticks)
        return self._fence(line)

    def _fence(self, line: re.Match[str]) -> int:
        info = line["info"].strip().lower()
        if self._prose.fence:
            if not info and len(line["ticks"]) >= len(self._prose.fence):
                self._prose.fence = ""
            return len(line[0])
        if info in CALL_FENCES and not (self._prose.announces_example or self._prose.quotes):
            markup = Markup(line[0], (line["ticks"],))
            return self._start(Extent(markup), line[0], fenced=True)
        self._prose.fence = line["ticks"]
        return len(line[0])

    def _start(self, extent: Extent | BareExtent, opener: str, *, fenced: bool = False) -> int:
        self._extent, self._opener, self._fenced = extent, opener, fenced
        return len(opener)
