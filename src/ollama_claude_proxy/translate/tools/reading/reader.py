"""Read calls out of text while it streams.

Text passes through. Only what may begin a marker is held back, and after a marker what may be
calls, until they are complete or turn out to be none. Complete calls are held until what follows
shows that they are meant (`shown_or_meant.py`); then they come out in order, otherwise as the text
they were. A fence that shows code is not searched. Ordinary prose costs one search per chunk.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from ollama_claude_proxy.translate.tools.reading.call_scanners import (
    HEAD_CHARS,
    MarkedCallScanner,
    ScanState,
)
from ollama_claude_proxy.translate.tools.reading.found_call import FoundCall
from ollama_claude_proxy.translate.tools.reading.held_calls import (
    HeldCalls,
    ReadCalls,
    ReaderOutput,
    UnreadableCall,
)
from ollama_claude_proxy.translate.tools.reading.markup import STRAY_CLOSERS
from ollama_claude_proxy.translate.tools.reading.openers import (
    Openers,
    Opening,
    fence_line,
    may_be_fence,
)
from ollama_claude_proxy.translate.tools.reading.preceding_text import PrecedingText
from ollama_claude_proxy.translate.tools.reading.shown_or_meant import FOLLOWING_CHARS
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall

# Returns the calls, or None where what was found is text. The boolean says that it is JSON without
# marks, which may be a document.
ResolveCalls = Callable[[Sequence[FoundCall], bool], Sequence[ResolvedCall] | None]

_INDENTATION = re.compile(r"[ \t]*")
_BACKTICKS = re.compile(r"`+")
_BETWEEN_CALLS = re.compile(rf"(?:[\s;,]|{'|'.join(map(re.escape, STRAY_CLOSERS))})*")
# A text of nothing but false markers must not be read again from each of them.
_MAX_REREAD_CHARS = 16_000_000


class CallReader:
    """Splits streamed text into text and calls; `names` are those of the offered tools."""

    def __init__(self, names: Iterable[str], resolve: ResolveCalls) -> None:
        self._openers = Openers(names)
        self._resolve = resolve
        self._preceding = PrecedingText()
        self._held_text = ""  # what may be the beginning of an opener, or follows held calls
        self._watching = True  # whether the next chunk is examined even without a trigger
        self._held_calls = HeldCalls(self._preceding, in_marks=True)
        self._has_shown = False
        self._opening: Opening | None = None
        self._between: list[str] = []  # what separates held calls from what follows them
        self._follows_prose = False  # what follows held calls does not begin with another
        self._chunks: list[str] = []  # what the scanner was fed
        self._reread_chars = 0

    @property
    def is_in_call(self) -> bool:
        """Whether what may be a call is open."""
        return self._opening is not None

    def feed(self, chunk: str) -> list[ReaderOutput]:
        """Read the next chunk; return what can be passed on."""
        if self._opening is None:
            if not self._watching and self._openers.trigger.search(chunk) is None:
                self._preceding.add(chunk)
                return [chunk]
            chunk, self._held_text = self._held_text + chunk, ""
        return self._read(chunk, last=False)

    def flush(self, *, cut: bool = False) -> list[ReaderOutput]:
        """Return what was held back at the end of the text.

        If the answer was `cut` off, what is open is text; calls that are complete are judged.
        """
        text, self._held_text = self._held_text, ""
        if not cut:
            attempt = self._attempt()
            output = self._read(text, last=True)
            found_calls = any(isinstance(one, ReadCalls) for one in output)
            return [UnreadableCall(attempt)] if attempt and not found_calls else output
        output = []
        following = "" if self._opening else self._openers.prose_before(text)
        text = "".join(self._between) + self._take_scanned() + text
        self._judge(following, output)
        return [*output, text] if text else output

    def _attempt(self) -> str:
        """Return the text of an open call in marks that is meant; empty if there is none."""
        opening = self._opening
        if opening is None or not opening.in_marks or self._held_calls:
            return ""
        if not self._held_calls.may_be_meant:
            return ""
        scanner = opening.scanner
        is_attempt = isinstance(scanner, MarkedCallScanner) and scanner.is_attempt
        return opening.opener + "".join(self._chunks) if is_attempt else ""

    def _take_scanned(self) -> str:
        """Stop scanning; return what was scanned, with its opener."""
        opener = self._opening.opener if self._opening is not None else ""
        scanned, self._chunks, self._opening = opener + "".join(self._chunks), [], None
        return scanned

    def _read(self, text: str, *, last: bool) -> list[ReaderOutput]:
        output: list[ReaderOutput] = []
        while text or (last and (self._opening or self._held_calls)):
            if self._opening is not None:
                text = self._scan(self._opening, text, output, last=last)
            elif self._held_calls:
                text = self._read_following(text, output, last=last)
            else:
                text = self._pass_to_opener(text, output, last=last)
        return output

    def _scan(self, opening: Opening, text: str, output: list[ReaderOutput], *, last: bool) -> str:
        """Feed the scanner; return the text after its calls, or "" while they are open."""
        self._chunks.append(text)
        scanner = opening.scanner
        state: ScanState = scanner.feed(text) if text else "open"
        if state == "open" and last:
            state = scanner.flush()
        if state == "open":
            return ""
        scanned = self._take_scanned()[len(opening.opener) :]
        calls = (
            self._resolve(scanner.body.calls, not opening.in_marks) if state == "ended" else None
        )
        if calls is None:
            return self._pass_opener(opening, scanned, output)
        self._held_calls.add("".join(self._between))
        self._between = []
        self._held_calls.add(ReadCalls(calls, opening.opener + scanned[: scanner.end]))
        self._watching = True
        return scanned[scanner.end :]

    def _read_following(self, text: str, output: list[ReaderOutput], *, last: bool) -> str:
        """Judge held calls by the text after them, or wait for more of it, or for more calls."""
        if not self._follows_prose:
            separators = _BETWEEN_CALLS.match(text)
            at = separators.end() if separators else 0
            self._between.append(text[:at])
            text = text[at:]
            is_closer = any(closer.startswith(text) for closer in STRAY_CLOSERS)
            if not last and (not text or is_closer):
                return self._wait(text)
            found = self._openers.find(text, 0, at_line_start=True, last=last) if text else None
            if found == "wait":
                return self._wait(text)
            if found is not None:
                return self._start(found, text)
        if not last and len(text) < FOLLOWING_CHARS + HEAD_CHARS:
            return self._wait(text)
        prose = self._openers.prose_before(text[: FOLLOWING_CHARS + HEAD_CHARS])
        between = "".join(self._between)
        is_meant = self._judge(between + prose[:FOLLOWING_CHARS], output)
        return (_without_closers(between) if is_meant else between) + text

    def _judge(self, following: str, output: list[ReaderOutput]) -> bool:
        """Pass held calls on, as calls or as text; return whether they are meant."""
        held = self._held_calls
        if not held:
            return True
        calls = held.judge(following, shown_before=self._has_shown)
        self._between, self._follows_prose = [], False
        self._held_calls = HeldCalls(self._preceding, in_marks=True)
        if calls is None:
            self._has_shown = True
            self._pass_on(held.raw, output)
            return False
        output += calls
        self._preceding.add("\n")
        self._watching = True
        return True

    def _wait(self, text: str) -> str:
        self._held_text, self._watching = text, True
        return ""

    def _start(self, opening: Opening, text: str) -> str:
        """Begin to scan; return the text after the opener."""
        self._opening = opening
        return text[len(opening.opener) :]

    def _hold(self, opening: Opening, text: str) -> str:
        """Begin to scan what may be the first of some calls."""
        self._held_calls = HeldCalls(self._preceding, in_marks=opening.in_marks)
        return self._start(opening, text)

    def _pass_opener(self, opening: Opening, scanned: str, output: list[ReaderOutput]) -> str:
        """Pass on the opener of what was no call; return the rest, which may still hold one."""
        self._reread_chars += len(scanned)
        if self._held_calls:  # what follows them is no call
            self._follows_prose = True
            return opening.opener + scanned
        passed = opening.opener
        if passed.startswith("`"):
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
            found = self._examine(text, at, last=last)
            if isinstance(found, Opening):
                return self._hold(found, text[at:])
            if found == 0:
                return self._wait(text[at:])
            self._pass_on(text[at : at + found], output)
            at += found
        self._pass_on(text[at:], output)
        self._watching = self._preceding.at_line_start and not self._preceding.open_fence
        return ""

    def _find_trigger(self, text: str, at: int) -> int | None:
        """Return the next position where an opener or a fence may begin."""
        if self._preceding.open_fence:
            backtick = text.find("`", at)
            return None if backtick < 0 else backtick
        if self._preceding.at_line_start:
            indentation = _INDENTATION.match(text, at)
            start = indentation.end() if indentation else at
            if text[start : start + 1] in self._openers.line_start_characters:
                return start
        match = self._openers.trigger.search(text, at)
        if match is None:
            return None
        if not match[0].startswith("\n"):
            return match.start()
        return match.end() if match.end() < len(text) else None

    def _examine(self, text: str, at: int, *, last: bool) -> Opening | int:
        """Return what opens calls here, or how many characters open nothing; 0 to wait."""
        if text[at] == "`":
            return self._examine_backticks(text, at, last=last)
        preceding = self._preceding
        found = (
            None
            if preceding.in_quotation
            else self._openers.find(text, at, at_line_start=preceding.at_line_start, last=last)
        )
        if found == "wait":
            return 0
        if found is not None and (found.opener or preceding.allows_bare_call):
            return found
        if text[at] in "{[":
            preceding.open_bracket()
        return 1

    def _examine_backticks(self, text: str, at: int, *, last: bool) -> Opening | int:
        run = _BACKTICKS.match(text, at)
        ticks = len(run[0]) if run else 1
        preceding = self._preceding
        line = fence_line(text, at) if ticks >= 3 and preceding.at_line_start else None
        if not last and (at + ticks == len(text) or may_be_fence(text, at, line)):
            return 0
        if line is None:
            if not preceding.open_fence:
                preceding.toggle_inline_code(ticks)
            return ticks
        if preceding.open_fence:
            if not line["info"].strip() and len(line["ticks"]) >= len(preceding.open_fence):
                preceding.open_fence = ""
            return len(line[0])
        found = self._openers.find(text, at, at_line_start=True, last=last)
        if isinstance(found, Opening):
            return found
        preceding.open_fence = line["ticks"]
        return len(line[0])


def _without_closers(text: str) -> str:
    """Return what separates calls from text without stray closing tags."""
    for closer in STRAY_CLOSERS:
        text = text.replace(closer, "")
    return text
