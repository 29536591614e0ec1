"""Read calls out of text while it streams.

Text passes through. Only what may begin a marker is held back, and after a marker what may be
calls, until they are complete or turn out to be none. Then they come out as the text they were,
complete and in order. Ordinary prose costs one regex search per chunk.

A fence that shows code is not searched. A fence of JSON, and JSON without markup, are calls only if
the preceding text allows it and `resolve` knows the tools.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tools.reading.call_scanners import (
    HEAD_CHARS,
    BareCallScanner,
    MarkedCallScanner,
    ScanState,
)
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.markup import (
    CALL_FENCES,
    MARKUPS,
    STRAY_CLOSERS,
    Markup,
)
from ollama_claude_proxy.translate.tools.reading.preceding_text import PrecedingText
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall


class ReadCalls(Struct, frozen=True):
    """Calls that were read, and the text `raw` that they were written as.

    A call of a tool that was not offered is a string.
    """

    calls: Sequence[ResolvedCall | str]
    raw: str


ReaderOutput = str | ReadCalls
# Returns the calls of offered tools, or None where what was found is text. The boolean says that
# it is JSON without markup, which may be a document.
ResolveCalls = Callable[[Sequence[FoundCall], bool], Sequence[ResolvedCall | str] | None]

_TRIGGER = re.compile(r"[<{\[`]|\n[ \t]*(?=[Af]|\Z)")
_NAMESPACES = ("default_api.", "functions.", "tools.")
_BACKTICKS = re.compile(r"`+")
_FENCE_LINE = re.compile(r"(?P<ticks>`{3,})[ \t]*(?P<info>[^`\n]*)(?P<end>\n|\Z)")
_MAX_FENCE_LINE_CHARS = 80
_MAX_OPENER_CHARS = 64
_LINE_MARKUPS = tuple(markup for markup in MARKUPS if markup.at_line_start)
# By the first character of the opener; longer openers first, because some begin with another.
_MARKUPS_BY_CHARACTER = {
    character: sorted(
        (m for m in MARKUPS if m.opener[0] == character and not m.at_line_start),
        key=lambda markup: len(markup.opener),
        reverse=True,
    )
    for character in "<["
}
# A text of nothing but false markers must not be read again from each of them.
_MAX_REREAD_CHARS = 16_000_000


class CallReader:
    """Splits streamed text into text and calls; `names` are those of the offered tools."""

    def __init__(self, names: Iterable[str], resolve: ResolveCalls) -> None:
        self._names = frozenset(
            f"{namespace}{name.lower()}" for name in names for namespace in ("", *_NAMESPACES)
        )
        self._resolve = resolve
        self._preceding = PrecedingText()
        self._held = ""  # what may be the beginning of an opener
        self._watching = True  # whether the next chunk is examined even without a trigger
        self._after_calls = False
        self._scanner: MarkedCallScanner | BareCallScanner | None = None
        self._opener = ""  # what the scanner began after, "" for calls without markup
        self._fenced = False
        self._chunks: list[str] = []  # what the scanner was fed
        self._reread_chars = 0

    @property
    def is_in_call(self) -> bool:
        """Whether what may be a call is open."""
        return self._scanner is not None

    def feed(self, chunk: str) -> list[ReaderOutput]:
        """Read the next chunk; return what can be passed on."""
        if self._scanner is None:
            if not self._watching and _TRIGGER.search(chunk) is None:
                self._preceding.add(chunk)
                return [chunk]
            chunk, self._held = self._held + chunk, ""
        return self._read(chunk, last=False)

    def flush(self, *, cut: bool = False) -> list[ReaderOutput]:
        """Return what was held back at the end of the text; as text if the answer was `cut` off."""
        text, self._held = self._held, ""
        if cut:
            opener = self._opener if self._scanner is not None else ""
            text = opener + "".join(self._chunks) + text
            self._chunks, self._scanner = [], None
            return [text] if text else []
        return self._read(text, last=True)

    def _read(self, text: str, *, last: bool) -> list[ReaderOutput]:
        output: list[ReaderOutput] = []
        while text or (last and self._scanner is not None):
            if self._scanner is None:
                text = self._drop_stray_closer(text, last=last) if self._after_calls else text
                text = self._pass_to_opener(text, output, last=last)
            if self._scanner is not None:
                text = self._scan_calls(self._scanner, text, output, last=last)
        return output

    def _scan_calls(
        self,
        scanner: MarkedCallScanner | BareCallScanner,
        text: str,
        output: list[ReaderOutput],
        *,
        last: bool,
    ) -> str:
        """Feed the scanner; return the text after its calls, or "" while they are open."""
        self._chunks.append(text)
        state: ScanState = scanner.feed(text) if text else "open"
        if state == "open" and last:
            state = scanner.flush()
        if state == "open":
            return ""
        scanned, self._chunks, self._scanner = "".join(self._chunks), [], None
        without_markup = self._fenced or not self._opener
        calls = self._resolve(scanner.body.calls, without_markup) if state == "ended" else None
        if calls is None:
            return self._pass_opener(scanned, output)
        output.append(ReadCalls(calls, self._opener + scanned[: scanner.end]))
        self._preceding.add("\n")
        self._watching = self._after_calls = True
        return scanned[scanner.end :]

    def _drop_stray_closer(self, text: str, *, last: bool) -> str:
        """Drop closing tags after calls whose opening tag the model forgot; or wait for them."""
        tag = text.lstrip()
        while closer := next((one for one in STRAY_CLOSERS if tag.startswith(one)), ""):
            text = tag[len(closer) :]
            tag = text.lstrip()
        if not last and any(closer.startswith(tag) for closer in STRAY_CLOSERS):
            self._held, self._watching = text, True
            return ""
        self._after_calls = False
        return text

    def _pass_opener(self, scanned: str, output: list[ReaderOutput]) -> str:
        """Pass on the opener of what was no call; return the rest, which may still hold one."""
        self._reread_chars += len(scanned)
        passed = self._opener
        if self._fenced:
            self._preceding.open_fence = "`" * (len(passed) - len(passed.lstrip("`")))
        elif not passed:
            self._preceding.open_bracket()
            passed, scanned = scanned[:1], scanned[1:]
        if self._reread_chars > _MAX_REREAD_CHARS:
            passed, scanned = passed + scanned, ""
        self._pass_on(passed, output)
        return scanned

    def _pass_on(self, text: str, output: list[ReaderOutput]) -> None:
        if text:
            self._preceding.add(text)
            output.append(text)

    def _pass_to_opener(self, text: str, output: list[ReaderOutput], *, last: bool) -> str:
        """Pass text on up to an opener; return what follows it."""
        at = 0
        while (trigger := self._find_trigger(text, at)) is not None:
            self._pass_on(text[at:trigger], output)
            at = trigger
            chars = self._examine_trigger(text, at, last=last)
            if self._scanner is not None:
                return text[at + chars :]
            if chars == 0:
                self._held, self._watching = text[at:], True
                return ""
            self._pass_on(text[at : at + chars], output)
            at += chars
        self._pass_on(text[at:], output)
        self._watching = self._preceding.at_line_start and not self._preceding.open_fence
        return ""

    def _find_trigger(self, text: str, at: int) -> int | None:
        """Return the next position where an opener or a fence may begin."""
        if self._preceding.open_fence:
            backtick = text.find("`", at)
            return None if backtick < 0 else backtick
        if self._preceding.at_line_start and text[at : at + 1] in {"A", "f"}:
            return at
        match = _TRIGGER.search(text, at)
        if match is None:
            return None
        if match[0][0] != "\n":
            return match.start()
        return match.end() if match.end() < len(text) else None

    # Each of these returns how many characters it consumed, and 0 to wait for more text.

    def _examine_trigger(self, text: str, at: int, *, last: bool) -> int:
        """Start a scanner after an opener, or skip what opens nothing."""
        character = text[at]
        if character == "`":
            return self._consume_backticks(text, at, last=last)
        if character in "Af":
            return self._consume_line_start(text, at, last=last)
        if character in _MARKUPS_BY_CHARACTER:
            chars = self._consume_opener(text, at, _MARKUPS_BY_CHARACTER[character], last=last)
            if chars is not None:
                return chars
        return self._consume_bracket(text, at) if character in "{[" else 1

    def _consume_opener(
        self, text: str, at: int, markups: Iterable[Markup], *, last: bool
    ) -> int | None:
        """Start at one of these openers; None where there is none."""
        for markup in markups:
            if text.startswith(markup.opener, at) and not self._preceding.in_quotation:
                return self._start(MarkedCallScanner(markup), markup.opener)
        rest = text[at : at + _MAX_OPENER_CHARS]
        waiting = not last and any(markup.opener.startswith(rest) for markup in markups)
        return 0 if waiting else None

    def _consume_line_start(self, text: str, at: int, *, last: bool) -> int:
        if not self._preceding.at_line_start:
            return 1
        chars = self._consume_opener(text, at, _LINE_MARKUPS, last=last)
        return 1 if chars is None else chars

    def _consume_bracket(self, text: str, at: int) -> int:
        if self._preceding.allows_bare_call and not self._preceding.introduces_example:
            scanner = BareCallScanner(self._names)
            if scanner.may_begin(text[at : at + HEAD_CHARS]):
                return self._start(scanner, "")
        self._preceding.open_bracket()
        return 1

    def _consume_backticks(self, text: str, at: int, *, last: bool) -> int:
        run = _BACKTICKS.match(text, at)
        ticks = len(run[0]) if run else 1
        may_be_fence = ticks >= 3 and self._preceding.at_line_start
        line = _FENCE_LINE.match(text, at) if may_be_fence else None
        waiting = at + ticks == len(text) or (line is not None and not line["end"])
        if waiting and not last and len(text) - at < _MAX_FENCE_LINE_CHARS:
            return 0
        if line is not None:
            return self._consume_fence_line(line)
        if not self._preceding.open_fence:
            self._preceding.toggle_inline_code(ticks)
        return ticks

    def _consume_fence_line(self, line: re.Match[str]) -> int:
        info = line["info"].strip().lower()
        preceding = self._preceding
        if preceding.open_fence:
            if not info and len(line["ticks"]) >= len(preceding.open_fence):
                preceding.open_fence = ""
            return len(line[0])
        if info in CALL_FENCES and not (preceding.introduces_example or preceding.in_quotation):
            markup = Markup(line[0], (line["ticks"],))
            return self._start(MarkedCallScanner(markup), line[0], fenced=True)
        preceding.open_fence = line["ticks"]
        return len(line[0])

    def _start(
        self, scanner: MarkedCallScanner | BareCallScanner, opener: str, *, fenced: bool = False
    ) -> int:
        self._scanner, self._opener, self._fenced = scanner, opener, fenced
        return len(opener)
